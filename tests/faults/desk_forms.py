"""The forms of a page of the desk, as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class DeskForm:
    """Where it goes and what it carries untouched; what a person types is added by the test."""

    action: str
    method: str
    hidden: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


class DeskForms(HTMLParser):
    """Every form of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[DeskForm] = []
        self._open: DeskForm | None = None
        self.feed(html)
        self.close()

    def of(self, ending: str, **hidden: str) -> DeskForm:
        """The form that goes to an address ending so, and carries these."""
        return next(
            form
            for form in self.forms
            if form.action.endswith(ending) and form.method == "post" and hidden.items() <= form.hidden.items()
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = DeskForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        if self._open is None:
            return
        name = given.get("name", "")
        if tag in {"input", "select", "textarea"} and name:
            self._open.names.add(name)
            if given.get("type") == "hidden":
                self._open.hidden[name] = given.get("value", "")
        if tag == "button" and name:
            self._open.buttons.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
