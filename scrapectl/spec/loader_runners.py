"""Makes of a loader what it is run as: a job with its image, or a function with what hands messages to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapectl.shipped import shipped
from scrapectl.spec import model
from scrapectl.spec.loaders import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "loader"
"""The folder of `containers/` that loaders are made of."""
HANDLER = "loader.app.handler"
# MiB to what Fargate goes with them (AWS-FACTS §3): no more processor than a load needs.
_PROCESSORS = ((512, 0.25), (1024, 0.5), (8192, 1.0), (16384, 2.0), (30720, 4.0))


def runner_of(fields: dict[str, Any], *, on_ec2: bool) -> model.Job | model.Function:
    """Make the job or function of a loader, out of the loader's own fields; what it may do is the blueprint's to say.

    It has the loader's key, place and schedules, so that whatever starts, watches or draws jobs and functions does the
    same with a loader. `access` names what its place in the network hangs on: the target, and where it reads.
    """
    shared: dict[str, Any] = {
        name: fields[name] for name in ("origin", "where", "places", "key", "name") if name in fields
    }
    shared |= {name: fields[name] for name in ("timeout", "memory", "on_failure")}
    shared["access"] = _access(fields)
    schedules = fields["schedules"]
    if fields["run_on"] == "function":
        return model.Function(**shared, code=str(shipped(FOLDER)), handler=HANDLER, schedules=schedules)
    share = fields["share"]
    return model.Job(
        **shared,
        image=IMAGE,
        vcpus=1.0 if on_ec2 else next(vcpus for most, vcpus in _PROCESSORS if fields["memory"] <= most),
        queue=fields["queue"],
        share=share,
        schedules={name: replace(schedule, share=share) for name, schedule in schedules.items()},
    )


def image_of(loaders: Iterable[model.Loader]) -> dict[str, model.Image]:
    """Make the entry of `images` that loaders run as, when one is a job."""
    first = next((loader for loader in loaders if loader.run_on == "job"), None)
    if first is None:
        return {}
    return {IMAGE: model.Image(origin=first.origin, where=first.where, key=IMAGE, build=str(shipped(FOLDER)))}


def message_triggers(loaders: Iterable[model.Loader]) -> dict[str, model.Trigger]:
    """Make what hands messages to the loaders that load them; nobody can write such a key."""
    made = {}
    for loader in loaders:
        if isinstance(loader.source, model.MessageSource) and loader.run_on == "function":
            on = model.MessageEvent(loader.source.queue, loader.source.batch, loader.source.window)
            key = f"{loader.key}_messages"
            made[key] = model.Trigger(
                origin=loader.origin,
                where=loader.where,
                places=loader.places,
                key=key,
                on=on,
                section="functions",
                starts=loader.key,
            )
    return made


def _access(fields: dict[str, Any]) -> model.Access:
    into, source = fields["into"], fields["source"]
    return model.Access(
        origin=fields["origin"],
        where=fields["where"],
        read=(source,) if isinstance(source, model.BucketPlace) else (),
        connect=(into.key,),
        asked=(into.key,) if into.section == "warehouses" else (),
    )
