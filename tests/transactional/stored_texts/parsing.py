"""HTML as Chromium's own parser takes it apart, scripts not run."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from tests.journeys.conftest import started
from tests.transactional.stored_texts.verdict import Parsed

Parse = Callable[[Sequence[str]], list[Parsed]]
TAKE_APART = """
(htmls) => JSON.stringify(htmls.map((html) => {
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
}))
"""


@contextmanager
def parser(chromium: str) -> Iterator[Parse]:
    """Takes documents, or parts of some, apart as a browser understands them.

    The browser lives in a thread of its own, so that tests with an event loop may call it too.
    """
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        running = ExitStack()
        tab = thread.submit(lambda: running.enter_context(started(chromium)).new_page()).result()
        stack.callback(lambda: thread.submit(running.close).result())

        def parse(htmls: Sequence[str]) -> list[Parsed]:
            found = json.loads(thread.submit(tab.evaluate, TAKE_APART, list(htmls)).result())
            return [
                Parsed([(tag, given) for tag, given in each["elements"]], each["texts"], each["comments"])
                for each in found
            ]

        yield parse
