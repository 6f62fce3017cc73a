"""All settings of the product in one class, read from the environment (prefix MINGSUAN_) when a command starts.

What does not belong here: secrets themselves (only the files that hold them are named) and anything computed.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start and handed on as an argument; never read at import."""

    model_config = SettingsConfigDict(env_prefix="MINGSUAN_", env_file=".env", extra="ignore", frozen=True)

    var: Path = Field(default=Path("var"), description="Folder of all local state")
    owner_database_url: SecretStr | None = Field(default=None, description="PostgreSQL as shop_owner: migrations")
    app_database_url: SecretStr | None = Field(default=None, description="PostgreSQL as shop_app: the service")
    reader_database_url: SecretStr | None = Field(default=None, description="PostgreSQL as shop_reader: pipelines")
    dagster_database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL in which Dagster keeps runs and events, a database of its own; by default SQLite files",
    )
    master_key_file: Path | None = Field(default=None, description="32-byte key that wraps the card data keys")
    fingerprint_key_file: Path | None = Field(default=None, description="32-byte key of the card fingerprints")
    timezone: str = Field(default="Asia/Shanghai", description="Zone of business dates")
    currency: str = Field(
        default="CNY", pattern="^[A-Z]{3}$", description="Currency of a shop that has not imported anything yet"
    )
    language: Literal["zh_CN", "en"] = Field(default="zh_CN", description="Language shown first")
    as_of_date: date | None = Field(default=None, description="Business date that censors open intervals")
    warehouse: Literal["duckdb", "postgres"] = Field(default="duckdb", description="dbt target")
    warehouse_memory_mib: int = Field(
        default=3072, ge=512, description="Memory of DuckDB at most; what does not fit goes to disk beside it"
    )
    keep_versions: int = Field(default=10, ge=1, description="Fresh published versions that are kept")
    host: str = Field(default="127.0.0.1", description="Address that the services listen on")
    shop_port: int = Field(default=8000, ge=1, le=65535, description="Port of storefront, desk and API")
    dashboards_port: int = Field(default=8501, ge=1, le=65535, description="Port of the dashboards")
    dagster_port: int = Field(default=3000, ge=1, le=65535, description="Port of Dagster's pages")
    worker_port: int = Field(default=8001, ge=1, le=65535, description="Port of the worker's health and metrics")
    simulated_gateways_port: int = Field(
        default=8090, ge=1, le=65535, description="Port of the simulated payment gateways of a demo's shop"
    )
    simulated_suppliers_port: int = Field(
        default=8091, ge=1, le=65535, description="Port of the simulated suppliers of a demo's shop"
    )
    simulated_beacon_port: int = Field(
        default=8092, ge=1, le=65535, description="Port of the simulated beacon that decides a demo's draws"
    )
    simulated_witness_port: int = Field(
        default=8093, ge=1, le=65535, description="Port of the simulated witness of a demo's log of draws"
    )
    dashboards_open: bool = Field(
        default=False, description="Serve dashboards beyond this machine; something in front must decide who comes in"
    )
    dashboards_login_file: Path | None = Field(
        default=None,
        description="Dashboards: file that names the log-in provider (docs/log-in.md); without it there is none",
    )
    dashboards_role_claim: str = Field(
        default="roles", min_length=1, description="Dashboards: claim of the identity token that names the roles"
    )
    dashboards_roles: str = Field(
        default="",
        pattern=r"^([^=,]+=(owner|buyer|auditor|operator)(,[^=,]+=(owner|buyer|auditor|operator))*)?$",
        description="Dashboards: what values of that claim mean, such as `bosses=owner,guests=auditor`; by default the"
        " roles' own names",
    )
    dashboards_until_claim: str = Field(
        default="access_until", min_length=1, description="Dashboards: claim with the last day of a guest"
    )
    dashboards_session_hours: int = Field(default=12, ge=1, le=72, description="Dashboards: life of a log-in, at most")
    dashboards_store: Path | None = Field(
        default=None,
        description="Dashboards: file of the access log, saved views and thresholds; by default under MINGSUAN_VAR",
    )
    session_days: int = Field(default=14, ge=1, description="Life of a log-in")
    staff_session_hours: int = Field(default=12, ge=1, le=72, description="Life of a log-in at the desk, at most")
    staff_idle_minutes: int = Field(default=60, ge=5, le=1440, description="An idle log-in at the desk ends after this")
    staff_two_step: Literal["auto", "off", "owner", "all"] = Field(
        default="auto",
        description="Who needs an authenticator at the desk; auto: owners, where cookies travel over HTTPS only",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks, with commas, of proxies whose X-Forwarded-For is believed; none by default",
    )
    secure_cookies: bool = Field(default=False, description="Cookies over HTTPS only; set it behind TLS")
    hold_minutes: int = Field(default=15, ge=1, le=120, description="How long an unpaid order keeps its codes, at most")
    invoice_days: int = Field(default=365, ge=1, description="Days after its payment in which an order can be invoiced")
    public_url: str | None = Field(
        default=None,
        description="Address under which shoppers and gateways reach the shop, such as https://shop.example",
    )
    redis_url: SecretStr | None = Field(default=None, description="Redis that several shop processes share as a cache")
    log_format: Literal["json", "text"] = Field(default="json", description="Form of the shop's and worker's log lines")
    metrics_open: bool = Field(default=False, description="Answer /metrics to other machines too")
    compliance: Literal["mainland", "stored_value"] = Field(
        default="mainland",
        description="What the law allows with wallets: refund credit only, or top-ups and pay-outs too",
    )
    wechat_mchid: str | None = Field(default=None, description="WeChat Pay: merchant id; without it the way is off")
    wechat_appid: str = Field(default="", description="WeChat Pay: app id")
    wechat_serial_no: str = Field(default="", description="WeChat Pay: serial number of the merchant's certificate")
    wechat_private_key_file: Path | None = Field(
        default=None, description="WeChat Pay: the merchant's private key (PEM)"
    )
    wechat_apiv3_key_file: Path | None = Field(default=None, description="WeChat Pay: file with the API v3 key")
    wechat_public_key_file: Path | None = Field(default=None, description="WeChat Pay: the platform's public key (PEM)")
    wechat_public_key_id: str = Field(default="", description="WeChat Pay: id of that public key")
    wechat_gateway_url: str = Field(default="https://api.mch.weixin.qq.com", description="WeChat Pay: its API")
    wechat_fee_per_myriad: int = Field(default=60, ge=0, le=1000, description="WeChat Pay: fee in 1/10,000")
    wechat_profit_sharing: bool = Field(
        default=False, description="WeChat Pay: ask for payments whose money can be shared with partners (分账)"
    )
    alipay_app_id: str | None = Field(default=None, description="Alipay: app id; without it the way is off")
    alipay_seller_id: str = Field(default="", description="Alipay: the merchant's user id (2088…)")
    alipay_private_key_file: Path | None = Field(default=None, description="Alipay: the app's private key (PEM)")
    alipay_public_key_file: Path | None = Field(default=None, description="Alipay: Alipay's public key (PEM)")
    alipay_gateway_url: str = Field(default="https://openapi.alipay.com/gateway.do", description="Alipay: its API")
    alipay_fee_per_myriad: int = Field(default=60, ge=0, le=1000, description="Alipay: fee in 1/10,000")
    unionpay_merchant_id: str | None = Field(
        default=None, description="UnionPay: merchant id; without it the way is off"
    )
    unionpay_private_key_file: Path | None = Field(
        default=None, description="UnionPay: the merchant's private key (PEM)"
    )
    unionpay_cert_id: str = Field(default="", description="UnionPay: id of the merchant's certificate")
    unionpay_public_key_file: Path | None = Field(default=None, description="UnionPay: UnionPay's public key (PEM)")
    unionpay_gateway_url: str = Field(default="https://gateway.95516.com", description="UnionPay: its API")
    unionpay_fee_per_myriad: int = Field(default=60, ge=0, le=1000, description="UnionPay: fee in 1/10,000")
    mail_sender: Literal["console", "smtp"] = Field(
        default="console", description="How mail goes out; console: into files that `mingsuan outbox` shows"
    )
    mail_from: str = Field(default="Mingsuan <no-reply@localhost>", description="Mail: from whom it comes")
    smtp_host: str = Field(default="localhost", description="Mail server")
    smtp_port: int = Field(default=465, ge=1, le=65535, description="Mail server: its port")
    smtp_security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="Mail server: TLS from the start, STARTTLS, or none (only beside this machine)"
    )
    smtp_user: str = Field(default="", description="Mail server: log-in; without it there is none")
    smtp_password_file: Path | None = Field(default=None, description="Mail server: file with the password")
    sms_sender: Literal["console", "webhook"] = Field(
        default="console", description="How text messages go out; webhook: by a signed request (docs/notices.md)"
    )
    sms_webhook_url: str | None = Field(default=None, description="Text messages: address of the request")
    sms_webhook_key_file: Path | None = Field(default=None, description="Text messages: file with the signing secret")
    alert_mail_to: str = Field(
        default="", description="Alerts: e-mail addresses, with commas, that are told; none by default"
    )
    alert_webhook_url: str | None = Field(default=None, description="Alerts: address of a signed request")
    alert_webhook_key_file: Path | None = Field(default=None, description="Alerts: file with the signing secret")
    alert_least: Literal["info", "warning", "critical"] = Field(
        default="warning", description="Alerts: the least severe that goes out by mail and webhook; the log has all"
    )
    courier_customer: str | None = Field(
        default=None, description="Parcel tracking (kuaidi100): customer number; without it parcels are not tracked"
    )
    courier_key_file: Path | None = Field(default=None, description="Parcel tracking: file with the key")
    courier_url: str = Field(default="https://poll.kuaidi100.com", description="Parcel tracking: its API")
    confirm_signed_days: int = Field(
        default=10, ge=1, le=90, description="Days after which a parcel that was signed for counts as received"
    )
    confirm_sent_days: int = Field(
        default=15, ge=1, le=180, description="The same for a parcel of which nothing was heard, after it was sent"
    )
    identity_url: str | None = Field(
        default=None, description="Identity checks: the provider's API; without it staff look at every request"
    )
    identity_app_id: str = Field(default="", description="Identity checks: app id")
    identity_key_file: Path | None = Field(default=None, description="Identity checks: file with the signing secret")
    draw_chance_fen: int = Field(
        default=5000, ge=0, description="Draws: a delivered order earns one chance for each full such sum; 0 for none"
    )
    draw_chain: Literal["test", "quicknet"] = Field(
        default="test",
        description="Beacon that decides new draws; test: one whose key anybody knows, for trying things out",
    )
    draw_trial: bool = Field(
        default=False,
        description="Draws decided by the test beacon may be opened: only where nothing of value is given away",
    )
    draw_relays: str = Field(
        default="",
        description="Draws: the beacon's relays, addresses with commas; drand's own, or the simulated one, by default",
    )
    log_origin: str | None = Field(
        default=None,
        pattern=r"^[^\s+]+$",
        description="Name of the public log of draws, such as shop.example/log; once it began it cannot be changed",
    )
    log_witnesses: str = Field(
        default="",
        description="Witnesses of the log, with commas: `KEY URL`, or `KEY URL test` for one of this shop's own hands",
    )
    log_quorum: int = Field(default=1, ge=1, le=16, description="How many witnesses make a checkpoint witnessed")
    draw_policy_file: Path | None = Field(
        default=None,
        description="Draws: file with the keys that the warehouse's audit pins (docs/draws.md); by default those that"
        " the public log named when the audit first met it",
    )
    real_data: Path | None = Field(default=None, description="Folder of real data sets that tests may read")
    full_counts: bool = Field(default=False, description="Run tests at the full counts")

    @field_validator("var")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no time zone is called {value!r}; names are such as Asia/Shanghai") from None
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def keys_dir(self) -> Path:
        return self.var / "keys"

    @property
    def gateways_dir(self) -> Path:
        """Keys and books of the simulated payment gateways."""
        return self.var / "gateways"

    @property
    def suppliers_dir(self) -> Path:
        """Credentials and books of the simulated suppliers."""
        return self.var / "suppliers"

    @property
    def witness_dir(self) -> Path:
        """Key and memory of the simulated witness."""
        return self.var / "witness"

    @property
    def outbox_dir(self) -> Path:
        """Messages of a shop that has no provider for them."""
        return self.var / "outbox"

    @property
    def inbox_dir(self) -> Path:
        """Statements that wait to be taken in, by kind and sender."""
        return self.var / "inbox"

    @property
    def has_gateways(self) -> bool:
        """Whether any payment gateway is switched on by the settings."""
        return any((self.wechat_mchid, self.alipay_app_id, self.unionpay_merchant_id))

    @property
    def public_dir(self) -> Path:
        """What anybody may read: heads of the ledger's seals, the log of draws."""
        return self.var / "public"

    @property
    def log_dir(self) -> Path:
        """The public log of draws, as it is served."""
        return self.public_dir / "log"

    @property
    def warehouse_file(self) -> Path:
        """The live DuckDB warehouse; owned by one process at a time."""
        return self.var / "warehouse" / "warehouse.duckdb"

    @property
    def dashboards_store_file(self) -> Path:
        """The dashboards' own store."""
        return self.dashboards_store or self.var / "dashboards" / "store.sqlite"

    @property
    def published_dir(self) -> Path:
        """Published versions, the `current` link and the record of the last attempt."""
        return self.var / "published"
