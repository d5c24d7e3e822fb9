"""Turns a database's address into the authorities that must have signed its certificate: Amazon's for RDS alone."""

from __future__ import annotations

import functools
import re
import ssl
import tempfile
import urllib.request
from pathlib import Path

from loader.problems import LoadFailed

THIS_MACHINE = "127.0.0.1"  # where the embedded cloud has its databases; RDS never answers it as an address
SHIPPED = Path(__file__).with_name("rds-ca.pem")
_SECONDS = 10
_LONGEST = 1 << 20
_RDS = re.compile(r"[\w.-]+\.([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com")
_REGION = re.compile(r"Amazon RDS (?:Preview )?(\S+) Root CA ")
# Amazon RDS User Guide, "Certificate bundles by AWS Region"
_BUNDLE = "https://truststore.pki.rds.amazonaws.com/{0}/{0}-bundle.pem"


def authorities(host: str) -> Path | None:
    """Find the file of those whose word about a server counts; None for this machine, to which nobody stands between.

    Raises:
        LoadFailed: They are not shipped for the server's region, which is newer, and could not be fetched.
    """
    if host == THIS_MACHINE:
        return None
    found = _RDS.fullmatch(host)
    if found is None or found[1] in _shipped_regions():
        return SHIPPED
    return _fetched(found[1])


@functools.cache
def _shipped_regions() -> frozenset[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(SHIPPED)
    names = (dict(part[0] for part in one["subject"])["commonName"] for one in context.get_ca_certs())
    return frozenset(named[1] for name in names if (named := _REGION.match(name)))


@functools.cache
def _fetched(region: str) -> Path:
    """Fetch a region's authorities from Amazon, whose web server the public ones vouch for."""
    url = _BUNDLE.format(region)
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - https, as it stands above
            bundle = answer.read(_LONGEST)
    except OSError as error:
        told = f"{url} cannot be fetched ({error}), and without it nothing vouches for the database's certificate"
        raise LoadFailed(told) from error
    with tempfile.NamedTemporaryFile(prefix="rds-ca-", suffix=".pem", delete=False) as file:
        file.write(bundle)
    return Path(file.name)
