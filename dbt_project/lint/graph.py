"""dbt's graph as a linter sees it: one source stands for all."""

from types import SimpleNamespace

sources = {"source.mingsuan.shop.orders": SimpleNamespace(source_name="shop", name="orders")}
