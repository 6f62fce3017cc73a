"""dbt inside this process: started once, kept warm, quiet, and off the warehouse file again after each run.

Knows dbt and nothing of what its results mean for publication.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
PACKAGE = "mingsuan"


class ModelsUnreadableError(RuntimeError):
    """dbt cannot parse the project; the message is dbt's."""


@dataclass(frozen=True)
class NodeResult:
    """How one model, test or computation of a build ended; `failures` counts the rows that a test returned.

    `unique_id` is dbt's; `relation` what a model wrote.
    """

    unique_id: str
    name: str
    resource_type: str
    model: str
    column: str | None
    severity: str
    status: str
    failures: int | None
    message: str | None
    description: str
    file: str
    relation: str | None
    seconds: float


@dataclass(frozen=True)
class DbtOutcome:
    """All results of one invocation, or of a whole build; `error` when dbt itself could not run it."""

    results: tuple[NodeResult, ...]
    error: str | None


@dataclass
class _Warm:
    """The parsed project of this process, by dbt target: parsing again costs more than most builds."""

    manifests: dict[str, Any] = field(default_factory=dict)


_warm = _Warm()


def run_dbt(settings: Settings, command: str, *options: str, progress: Progress = silent) -> DbtOutcome:
    """Invoke a dbt command, such as `build` or `docs generate`, on the warehouse of these settings.

    The caller owns the warehouse; after the call the file is closed again.
    """
    with warnings.catch_warnings(), _environment(settings):
        warnings.simplefilter("ignore")  # of dbt's own dependencies
        from dbt.cli.main import dbtRunner

        try:
            runner = dbtRunner(manifest=_manifest(settings, progress), callbacks=[_teller(progress)])
            answer = runner.invoke(_command(settings, command, *options))
        except ModelsUnreadableError as error:
            return DbtOutcome((), str(error))
        finally:
            _release()
    if isinstance(answer.exception, KeyboardInterrupt):
        raise answer.exception  # dbt catches even this
    results = tuple(map(_node_result, getattr(answer.result, "results", None) or ()))
    is_catalogue = answer.result is not None and not hasattr(answer.result, "results")
    if answer.exception is not None or not (results or is_catalogue):
        return DbtOutcome(results, str(answer.exception or "dbt ran nothing"))
    return DbtOutcome(results, None)


def models_checksum(settings: Settings, progress: Progress = silent) -> str:
    """A checksum of what this process knows as the models: their SQL, their macros, their contracts and settings.

    Raises ModelsUnreadableError.
    """
    with warnings.catch_warnings(), _environment(settings):
        warnings.simplefilter("ignore")
        try:
            manifest = _manifest(settings, progress)
        finally:
            _release()
    digest = hashlib.sha256()
    for name, node in sorted(manifest.nodes.items()):
        if node.resource_type == "model":
            said = (name, node.checksum.checksum, node.contract.checksum, node.config.materialized)
            digest.update(repr((*said, node.config.unique_key)).encode())
    for name, macro in sorted(manifest.macros.items()):
        if macro.package_name == PACKAGE:
            digest.update(repr((name, macro.macro_sql)).encode())
    return digest.hexdigest()[:16]


def _manifest(settings: Settings, progress: Progress) -> Any:
    """The parsed project, kept for this process."""
    from dbt.cli.main import dbtRunner

    if settings.warehouse not in _warm.manifests:
        progress("reading the models")
        parsed = dbtRunner().invoke(_command(settings, "parse"))
        if parsed.exception is not None:
            raise ModelsUnreadableError(str(parsed.exception))
        _warm.manifests[settings.warehouse] = parsed.result
    return _warm.manifests[settings.warehouse]


def _command(settings: Settings, command: str, *options: str) -> list[str]:
    scratch = settings.var / "dbt"
    return [
        *("--quiet", "--no-print", "--no-use-colors", "--log-level", "none", "--log-level-file", "none"),
        *("--no-send-anonymous-usage-stats", "--no-version-check", *command.split()),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", settings.warehouse),
        *("--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs"), *options),
    ]


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """dbt's profile reads the warehouse's place and its memory from the environment."""
    said = {
        "MINGSUAN_WAREHOUSE_FILE": str(settings.warehouse_file),
        "MINGSUAN_WAREHOUSE_MEMORY_MIB": str(settings.warehouse_memory_mib),
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _release() -> None:
    """dbt keeps DuckDB's connection, and with it the lock of the file, for its next run; others need the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    cleanup_connections()  # type: ignore[no-untyped-call]
    reset_adapters()  # type: ignore[no-untyped-call]
    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager.env().close()
        DuckDBConnectionManager.close_all_connections()


def _teller(progress: Progress) -> Callable[[Any], None]:
    def tell(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = event.data.node_info
        if node.resource_type == "model" and node.node_status == "success":
            progress(f"built {node.node_name}")
        elif node.node_status in {"error", "fail", "warn"}:
            progress(f"{node.resource_type} {node.node_name}: {node.node_status}")

    return tell


def _node_result(result: Any) -> NodeResult:
    node = result.node
    is_test = node.resource_type in {"test", "unit_test"}
    file = getattr(node, "compiled_path", None) or node.original_file_path
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        model=_model_of(node) if is_test else node.name,
        column=getattr(node, "column_name", None),
        severity=str(getattr(node.config, "severity", None) or "error").lower(),
        status=str(result.status),
        failures=result.failures,
        message=result.message,
        description=" ".join((node.description or "").split()),
        file=str(file),
        relation=getattr(node, "relation_name", None),
        seconds=result.execution_time,
    )


def _model_of(node: Any) -> str:
    attached = getattr(node, "attached_node", None)
    parents = [attached] if attached else [*node.depends_on.nodes]
    return str(parents[0]).rsplit(".", 1)[-1] if parents else ""
