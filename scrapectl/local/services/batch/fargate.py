"""Which sizes of memory Fargate has for each number of vCPUs; ECS's table, AWS-FACTS section 3."""

from __future__ import annotations

from typing import Any

SIZES: dict[float, range | tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: range(1024, 4097, 1024),
    1: range(2048, 8193, 1024),
    2: range(4096, 16_385, 1024),
    4: range(8192, 30_721, 1024),
    8: range(16_384, 61_441, 4096),
    16: range(32_768, 122_881, 8192),
}


def size_problem(requirements: list[dict[str, Any]]) -> str | None:
    """Return what AWS says about a container's `resourceRequirements` on Fargate; None when the pair exists."""
    values = {requirement["type"]: requirement["value"] for requirement in requirements}
    if len(values) < len(requirements):
        return "Duplicate resource types in resourceRequirements"
    if "GPU" in values:
        return "GPU is not supported on Fargate"
    vcpu, memory = values.get("VCPU"), values.get("MEMORY")
    if vcpu is None or memory is None:
        return "Fargate jobs need resourceRequirements of type VCPU and MEMORY."
    try:
        fits = int(memory) in SIZES.get(float(vcpu), ())
    except ValueError:
        fits = False
    return None if fits else f"Fargate resource requirements ({vcpu} vCPU, {memory} MiB) not valid."
