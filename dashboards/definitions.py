"""What a number means, as the version itself declares it: one definition for pages, exports and questions."""

from dataclasses import dataclass

from mingsuan.semantics.declared import Metric, Semantics, SemanticsError


@dataclass(frozen=True, slots=True)
class Definitions:
    """The declared metrics in the reader's language; an older version that does not declare one says `unknown`."""

    semantics: Semantics | None
    is_chinese: bool
    unknown: str

    def of(self, metric: str) -> str:
        """The metric's definition."""
        found = self._declared(metric)
        if found is None:
            return self.unknown
        return found.definition_zh if self.is_chinese else found.definition_en

    def name(self, metric: str) -> str:
        """What people call the metric; its own word in a version without names."""
        found = self._declared(metric)
        if found is None:
            return metric
        return found.label_zh if self.is_chinese else found.label_en

    def _declared(self, metric: str) -> Metric | None:
        try:
            return None if self.semantics is None else self.semantics.metric(metric)
        except SemanticsError:
            return None
