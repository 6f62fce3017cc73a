"""HTML as Chromium's own parser takes it apart, scripts not run."""

from collections.abc import Sequence

from tests.journeys.conftest import started
from tests.transactional.stored_texts.verdict import Parsed

TAKE_APART = """
(htmls) => htmls.map((html) => {
  const page = new DOMParser().parseFromString(html, "text/html")
  const found = {elements: [], texts: [], comments: []}
  const walk = page.createTreeWalker(page, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT)
  while (walk.nextNode()) {
    const node = walk.currentNode
    if (node.nodeType === Node.ELEMENT_NODE)
      found.elements.push([node.localName, Object.fromEntries([...node.attributes].map((a) => [a.name, a.value]))])
    else if (node.nodeType === Node.COMMENT_NODE) found.comments.push(node.data)
    else if (node.data.trim()) found.texts.push([node.parentElement.localName, node.data])
  }
  return found
})
"""


def parsed(chromium: str, htmls: Sequence[str]) -> list[Parsed]:
    """Each document, or part of one, as a browser understands it."""
    with started(chromium) as browser:
        tab = browser.new_page()
        found = tab.evaluate(TAKE_APART, list(htmls))
    return [
        Parsed([(tag, given) for tag, given in each["elements"]], each["texts"], each["comments"]) for each in found
    ]
