"""Every model of schema `shop`, imported so that the metadata is whole: for migrations and the check against them."""

from transactional import calls, profile
from transactional.accounts import models as accounts
from transactional.accounts.entry import models as entry_models
from transactional.accounts.members import models as members_models
from transactional.accounts.persons import models as person_models
from transactional.aftersales import models as aftersales
from transactional.alerts import models as alerts
from transactional.backoffice import models as backoffice
from transactional.benefits import models as benefits
from transactional.cards import models as cards
from transactional.catalogue import models as catalogue
from transactional.db import Base
from transactional.draws import models as draws
from transactional.invoices import models as invoices
from transactional.ledger import models as ledger
from transactional.logistics import charge_models
from transactional.logistics import models as logistics
from transactional.marketing import models as marketing
from transactional.notices import models as notices
from transactional.orders import models as orders
from transactional.payments import models as payments
from transactional.suppliers import models as suppliers
from transactional.wallets import models as wallets

METADATA = Base.metadata
SLICES = (
    accounts,
    aftersales,
    alerts,
    backoffice,
    benefits,
    calls,
    cards,
    catalogue,
    charge_models,
    draws,
    entry_models,
    invoices,
    ledger,
    logistics,
    marketing,
    members_models,
    notices,
    orders,
    payments,
    person_models,
    profile,
    suppliers,
    wallets,
)
