"""The life of a draw, as pages, the API and jobs call it; each act is told in the module that it comes from.

Those that take the engine ask a beacon between two transactions; all others are part of the caller's.
"""

from transactional.draws import bundles
from transactional.draws.beacon import Beacon, beacons, chain_of
from transactional.draws.claiming import claim
from transactional.draws.closing import close_if_due
from transactional.draws.committing import commit
from transactional.draws.deciding import decide
from transactional.draws.delivering import Handing, deliver, prize_code
from transactional.draws.drafts import NewDraw, discard, draft, edit, problems, said_of
from transactional.draws.forfeits import forfeit, forfeit_due
from transactional.draws.opening import may_open, open_draw
from transactional.draws.showing import state_shown
from transactional.draws.steps import settle, step
from transactional.draws.voiding import last_void_at, void

__all__ = [
    "Beacon",
    "Handing",
    "NewDraw",
    "beacons",
    "bundles",
    "chain_of",
    "claim",
    "close_if_due",
    "commit",
    "decide",
    "deliver",
    "discard",
    "draft",
    "edit",
    "forfeit",
    "forfeit_due",
    "last_void_at",
    "may_open",
    "open_draw",
    "prize_code",
    "problems",
    "said_of",
    "settle",
    "state_shown",
    "step",
    "void",
]
