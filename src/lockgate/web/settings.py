"""Settings of the web application, from the environment (``LOCKGATE_*``) or the flags of ``lockgate serve``."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation may set; each field is the environment variable ``LOCKGATE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="LOCKGATE_", extra="ignore")

    db: str = Field(default="sqlite:///lockgate.db", description="Database URL (SQLite or PostgreSQL).")
    data: Path | None = Field(
        default=None, description="Folder with your own chips, systems, parties and sources."
    )
    evidence: Path = Field(
        default=Path("examples/h200-first-batch/reports"), description="Folder of the documents to follow."
    )
    deal: Path = Field(
        default=Path("examples/h200-first-batch/deal.toml"), description="Deal file of the dossier page."
    )
    contact: str = Field(
        default="",
        description="Where people report mistakes: a web address, or an e-mail address as mailto:…",
    )
    public_url: str = Field(default="", description="Address people use, where a proxy stands in front.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses, with commas, of the proxies whose X-Forwarded-For and -Proto are believed.",
    )
    secure_cookies: bool = Field(default=False, description="Send cookies over HTTPS only; set behind TLS.")
    session_hours: int = Field(default=12, ge=1, le=24 * 30, description="How long a login lasts unused.")
    upload_byte_max: int = Field(
        default=20_000_000, ge=1, description="Largest accepted request body, in bytes."
    )
    requests_per_minute: int = Field(default=1200, ge=1, description="Rate limit of one client of the API.")
    login_attempts_per_minute: int = Field(
        default=10, ge=1, description="Login attempts for one name or address."
    )
    webhook_poll_s: float = Field(
        default=2.0,
        ge=0,
        description="Seconds between looks for webhooks to send; 0: this process sends none.",
    )
    webhook_allow_loopback: bool = Field(
        default=False, description="Let webhooks go to this machine itself, by http too."
    )
    oidc_issuer: str = Field(default="", description="OpenID Connect issuer; empty: password login only.")
    oidc_client_id: str = Field(default="", description="Client id at the issuer.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Client secret at the issuer.")
