"""Every page, feed and file asked for, and what each of them says: HTML as it came, all else as texts and cells."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import httpx
from openpyxl import load_workbook
from sqlalchemy import select

from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.yard import ask
from tests.transactional.stored_texts.happenings import Look
from tests.transactional.stored_texts.payload import MARK
from tests.transactional.stored_texts.verdict import strings
from transactional.db import reading
from transactional.notices.composing import notice_message
from transactional.notices.models import Notice
from transactional.notices.reaching import Reach
from transactional.notices.senders.mail import composed

LANGUAGES = ("zh_CN", "en")
IN_CHINESE = re.compile(rf"{MARK}\[[a-z_./]*_zh\]")
"""A text that has an English version."""
FILE_NAME = re.compile(r'attachment; filename=("?)[A-Za-z0-9._-]+\1')
CALCULATED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass
class Answer:
    """What one request was answered. `html` is still to be taken apart; `cells` are a spreadsheet's texts."""

    name: str
    status: int
    html: str = ""
    read: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    look: Look | None = None


async def every(world: World, looks: Sequence[Look]) -> list[Answer]:
    """Each request once, and again in English where what it shows has an English version."""
    answers = []
    for look in looks:
        answers.append(await _asked(world, look, "zh_CN"))
        if IN_CHINESE.search(answers[-1].html + "".join(answers[-1].cells)):
            answers.append(await _asked(world, look, "en"))
    return answers


async def _asked(world: World, look: Look, language: str) -> Answer:
    cookie = f"{look.cookie}; mingsuan_language={language}"
    answer = taken(look.name, await ask(world, look.name, look.sent, cookie))
    answer.look = look
    return answer


def taken(name: str, said: httpx.Response) -> Answer:
    """By what kind of answer it says it is: nothing that a browser would show is passed over."""
    kind = said.headers.get("content-type", "").partition(";")[0]
    answer = Answer(name, said.status_code)
    if kind == "text/html":
        answer.html = said.text
    elif kind == "text/csv":
        answer.cells = [cell for row in csv.reader(io.StringIO(said.text.lstrip("\ufeff"))) for cell in row]
        answer.faults = [f"is calculated: {cell[:60]}" for cell in answer.cells if _is_calculated(cell)]
    elif kind.endswith("spreadsheetml.sheet"):
        _sheet(answer, said.content)
    elif kind.endswith("json"):
        answer.read = list(strings(json.loads(said.text)))
    elif kind == "application/xml":
        answer.read = [unquote(each.text or "") for each in fromstring(said.text).iter()]  # noqa: S314  (our own)
    elif kind == "text/plain":
        answer.read = [said.text]
    elif MARK.encode() in said.content and not said.headers.get("content-disposition"):
        answer.faults = [f"is shown as {kind}"]
    named = said.headers.get("content-disposition", "")
    if named and not FILE_NAME.fullmatch(named):
        answer.faults.append(f"is named {named}")
    if kind != "text/html" and said.headers.get("x-content-type-options") != "nosniff":
        answer.faults.append("may be taken for a page")
    return answer


def _sheet(answer: Answer, content: bytes) -> None:
    for row in load_workbook(io.BytesIO(content)).active.iter_rows():
        for cell in row:
            answer.cells += [str(cell.value)] if cell.value is not None else []
            answer.faults += [f"is calculated: {cell.value}"] if cell.data_type == "f" or cell.hyperlink else []


def _is_calculated(cell: str) -> bool:
    """A number with its sign is none."""
    start = cell.lstrip(" \u00a0\u3000")
    return start.startswith(CALCULATED) and MARK in cell


async def mails(world: World) -> list[Answer]:
    """Every notice as a mail in each language, with what its plain part and its subject say."""
    shop = world.till.shop
    async with reading(shop.engine) as session:
        notices = (await session.scalars(select(Notice))).all()
    written = []
    for notice in notices:
        for language in LANGUAGES:
            message = notice_message(notice, Reach(language, "email", "li@example.com"), shop.settings, shop.currency)
            mail = composed(message, shop.settings.mail_from)
            answer = Answer(f"mail: {notice.kind}", 200, message.html or "", [message.text, str(mail["subject"])])
            written.append(answer)
    return written
