#!/bin/bash
# Runs once, when the PostgreSQL volume is empty: one role a purpose, a database of the shop and one of
# Dagster. Tables are the migrations' work.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$SHOP_OWNER_PASSWORD" --set app="$SHOP_APP_PASSWORD" --set reader="$SHOP_READER_PASSWORD" \
  --set dagster="$DAGSTER_PASSWORD" <<'SQL'
create role shop_owner login password :'owner';
create role shop_app login password :'app';
create role shop_reader login password :'reader';
-- so that every batch can tell the age of the oldest open transaction
grant pg_read_all_stats to shop_reader;
create database mingsuan owner shop_owner template template0 encoding 'UTF8'
  locale_provider builtin builtin_locale 'C.UTF-8' locale 'C';
-- runs, events and ticks: nothing of the shop
create role dagster login password :'dagster';
create database dagster owner dagster template template0 encoding 'UTF8'
  locale_provider builtin builtin_locale 'C.UTF-8' locale 'C';
SQL
