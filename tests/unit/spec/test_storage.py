"""Networks that are made, file systems and mounts as they reach the model, and what AWS takes at the edges."""

from __future__ import annotations

import ipaddress

import botocore.session
import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text, names
from scrapectl.spec.checks.filesystems import COLD_AFTER_DAYS
from scrapectl.spec.checks.network import narrowest_for
from scrapectl.spec.model import FilePlace, MadeNetwork
from scrapectl.spec.schema import load_schema

HEAD = "pipeline: shop\n"


def network_of(text: str) -> MadeNetwork:
    made = check_text(HEAD + f"network: {text}").network.made
    assert made is not None
    return made


def test_a_network_is_made_of_its_addresses_alone():
    made = network_of("{cidr: 10.0.0.0/25}")
    assert (made.cidr, made.zones, made.nat, made.endpoints, made.peer) == ("10.0.0.0/25", 2, "none", (), ())


def test_a_network_that_is_made_is_no_default():
    network = check_text(HEAD + "network: {cidr: 10.0.0.0/25}").network
    assert not network.is_default
    assert (network.vpc, network.subnets) == (None, ())


@pytest.mark.parametrize("zones", range(1, 7))
def test_the_smallest_network_for_its_zones(zones):
    """AWS takes no subnet below /28, and equal parts of a network are always a power of two."""
    longest = narrowest_for(zones)
    network = ipaddress.ip_network(f"10.0.0.0/{longest}")
    assert len(list(network.subnets(new_prefix=28))) >= 2 * zones
    assert 2 ** (28 - longest - 1) < 2 * zones
    assert network_of(f"{{cidr: 10.0.0.0/{longest}, zones: {zones}}}").zones == zones
    with pytest.raises(SpecError, match=f"too small for {2 * zones} subnets"):
        network_of(f"{{cidr: 10.0.0.0/{longest + 1}, zones: {zones}}}")


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.31.255.0/24", "192.168.0.0/26", "172.16.0.0/16"])
def test_private_networks(cidr):
    assert network_of(f"{{cidr: {cidr}}}").cidr == cidr


@pytest.mark.parametrize("cidr", ["172.32.0.0/24", "192.169.0.0/24", "11.0.0.0/16", "100.64.0.0/16"])
def test_networks_that_are_not_private(cidr):
    with pytest.raises(SpecError, match="hides addresses of the internet"):
        network_of(f"{{cidr: {cidr}}}")


@pytest.mark.parametrize("nat", ["none", "single", "per-zone"])
def test_jobs_without_a_word_about_addresses_stand_in_any_network(nat):
    """Without NAT they stand in the public subnets, with public addresses."""
    text = HEAD + f"network: {{cidr: 10.0.0.0/24, nat: {nat}}}\njobs: {{a: {{image: x}}}}"
    assert check_text(text).jobs["a"].public_ip is None


def test_a_job_without_public_address_needs_endpoints_or_nat():
    job = "\nimages: {i: {build: .}}\njobs: {a: {image: i, public_ip: false}}"
    for network in ("endpoints: [ecr.api, ecr.dkr, s3, logs]", "nat: single"):
        assert check_text(HEAD + f"network: {{cidr: 10.0.0.0/24, {network}}}" + job).jobs
    assert check_text(HEAD + "network: default" + job).jobs
    with pytest.raises(SpecError, match="needs the endpoints s3"):
        check_text(HEAD + "network: {cidr: 10.0.0.0/24, endpoints: [ecr.api, ecr.dkr, logs]}" + job)


def test_a_file_system_needs_nothing():
    filesystem = check_text(HEAD + "filesystems: {work: }").filesystems["work"]
    assert (filesystem.throughput, filesystem.cold_after, filesystem.backup) == ("elastic", None, True)
    assert (filesystem.paths, filesystem.kms, filesystem.on_destroy) == ({}, None, "refuse")


@pytest.mark.parametrize(
    ("written", "throughput"),
    [("elastic", "elastic"), ("bursting", "bursting"), ("{provisioned: 1.5}", 1.5), ("{provisioned: 3414}", 3414.0)],
)
def test_throughput_is_a_word_or_a_number(written, throughput):
    text = HEAD + f"filesystems: {{work: {{throughput: {written}}}}}"
    assert check_text(text).filesystems["work"].throughput == throughput


@pytest.mark.parametrize(("written", "mode"), [("755", "755"), ("0755", "0755"), ('"2770"', "2770")])
def test_a_mode_is_taken_as_it_is_written(written, mode):
    paths = check_text(HEAD + f"filesystems: {{w: {{paths: {{d: {{mode: {written}}}}}}}}}").filesystems["w"].paths
    assert paths["d"].mode == mode
    assert (paths["d"].uid, paths["d"].gid, paths["d"].existing) == (1000, 1000, None)


@pytest.mark.parametrize("mode", ["0o755", "855", "75", "u=rwx"])
def test_a_mode_is_octal(mode):
    with pytest.raises(SpecError, match="is no mode"):
        check_text(HEAD + f"filesystems: {{w: {{paths: {{d: {{mode: {mode}}}}}}}}}")


def test_the_days_after_which_files_are_cold_are_those_of_efs():
    rules = botocore.session.get_session().get_service_model("efs").shape_for("TransitionToIARules").enum
    assert {f"AFTER_{days}_DAY{'S' if days > 1 else ''}" for days in COLD_AFTER_DAYS} == set(rules)
    for days in COLD_AFTER_DAYS:
        text = HEAD + f"filesystems: {{w: {{cold_after: {days}d}}}}"
        assert check_text(text).filesystems["w"].cold_after == days * 86400


@pytest.mark.parametrize(
    "existing", ["fs-0123456789abcdef0", "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-01234567"]
)
def test_a_file_system_that_is_not_ours_has_access_points(existing):
    text = f"filesystems: {{w: {{existing: '{existing}', paths: {{d: {{existing: fsap-0123456789abcdef0}}}}}}}}\n"
    spec = check_text(HEAD + text + "jobs: {a: {image: x, mounts: {/mnt/d: w/d}}}")
    assert spec.filesystems["w"].paths["d"].existing == "fsap-0123456789abcdef0"
    assert spec.jobs["a"].mounts == {"/mnt/d": FilePlace("w", "d")}


def test_endpoints_hold_no_word_twice_and_those_that_are_needed():
    part = load_schema()["properties"]["network"]["properties"]["endpoints"]["items"]
    assert len(set(part["enum"])) == len(part["enum"])
    assert {"s3", "dynamodb", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "sqs", "sns", "batch", "states"} <= {
        *part["enum"]
    }


@pytest.mark.parametrize(
    ("section", "text", "limit"),
    [
        ("functions", "{image: 1.dkr.ecr.x/y}", 64),
        ("filesystems", "{}", 64),
        ("desktops", "{image: x}", 100),
    ],
)
def test_names_of_what_is_new_fit_their_services(section, text, limit):
    key = "a" * 40
    spec = check_text(f"pipeline: {'p' * 20}\n{section}: {{{key}: {text}}}")
    owner = ("p" * 20, "s" * 20)
    made = names.entry_name(owner, section, getattr(spec, section)[key], "123456789012", "us-east-1")
    assert len(made) == min(limit, 82)


@pytest.mark.parametrize("place", ["work", "work/data", "work/data/in", "work/data/a b/c.d/e_f"])
def test_any_folder_of_a_file_system_that_is_ours_may_be_mounted(place):
    text = HEAD + f"filesystems: {{work: {{paths: {{data: }}}}}}\njobs: {{a: {{image: x, mounts: {{/w: {place}}}}}}}"
    assert str(check_text(text).jobs["a"].mounts["/w"]) == place
