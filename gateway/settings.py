"""What the gateway is told by its environment."""

from pathlib import Path

from pydantic import Field

from shared.settings import ProcessSettings


class Settings(ProcessSettings):
    """Settings of the gateway."""

    host: str = Field(default="127.0.0.1", description="The address to listen on; demo mode allows loopback only.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes any that is free.")
    port_file: Path | None = Field(default=None, description="File that is told which port was taken.")
    public_url: str = Field(default="", description="The address that people type; https outside loopback.")
    registers: Path | None = Field(default=None, description="A folder of further definitions, <code>/<edition>.toml.")
    brand: Path | None = Field(default=None, description="The deployment's brand file; neutral without.")
    demo_mail_dir: Path | None = Field(default=None, description="Where demo mode keeps the mail that was sent.")
    template_cache: Path | None = Field(default=None, description="Folder for compiled templates; none: not kept.")
    trusted_proxies: int = Field(default=0, ge=0, le=5, description="How many proxies before us name the client.")
