"""A page as a browser would take it apart: its title, headings, texts, and what a strict policy or a reader minds."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "path", "circle", "rect"}


class Seen(HTMLParser):
    """`faults` lists inline code, doubled ids, fields without a label, buttons and links without words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language = ""
        self.title = ""
        self.headings: list[str] = []
        self.fields: dict[str, str] = {}
        self.faults: list[str] = []
        self.text = ""
        self._ids: list[str] = []
        self._labelled: set[str] = set()
        self._inputs: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"id {each} twice" for each in {i for i in self._ids if self._ids.count(i) > 1}]
        self.faults += [f"field {name} has no label" for name, i in self._inputs if i not in self._labelled]
        self.faults += [f"unclosed {tag}" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.faults += [f"inline {name}" for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        is_data = given.get("type") == "application/ld+json"  # read by search engines, run by nobody
        if tag == "style" or (tag == "script" and not is_data and not given.get("src", "").startswith("/static/")):
            self.faults.append(f"inline {tag}")
        if "id" in given:
            self._ids.append(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "label":
            self._labelled.add(given.get("for", ""))
        if tag in {"input", "select", "textarea"}:
            self._field(given, tag)
        if tag in {"a", "button"}:
            self._words.append(given.get("aria-label", ""))
        if tag == "h1":
            self.headings.append("")
        if tag not in VOID:
            self._open.append(tag)

    def _field(self, given: dict[str, str], tag: str) -> None:
        self.fields[given.get("name", "")] = given.get("value", "")
        within_label = "label" in self._open
        if given.get("type") != "hidden" and "aria-label" not in given and not within_label:
            self._inputs.append((given.get("name", tag), given.get("id", "no id")))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} closes out of turn")
        if tag in {"a", "button"} and not self._words.pop().strip():
            self.faults.append(f"{tag} without words")

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
        if "h1" in self._open:
            self.headings[-1] += data
        self._words = [words + data for words in self._words]
        self.text += data
