"""Every model of schema `shop`, imported so that the metadata is whole: for migrations and the check against them."""

from transactional import profile
from transactional.accounts import models as accounts
from transactional.backoffice import models as backoffice
from transactional.cards import models as cards
from transactional.catalogue import models as catalogue
from transactional.db import Base
from transactional.ledger import models as ledger
from transactional.orders import models as orders
from transactional.payments import models as payments

METADATA = Base.metadata
SLICES = (accounts, backoffice, cards, catalogue, ledger, orders, payments, profile)
