"""The words of `--help`: what each command does, in one line and in a few, with examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Help:
    """What a command says of itself: one line for the list, a text, and lines of examples."""

    summary: str
    text: str = ""
    examples: tuple[str, ...] = ()


HELP: dict[str, Help] = {
    "init": Help(
        "Write a runnable spec with a scraper and its Dockerfile.",
        "Asks a few questions, or takes --template and asks nothing. Files that stand are never overwritten.",
        ("scrapectl init", "scrapectl init shop --template quickstart", "scrapectl init shop --template batch"),
    ),
    "validate": Help(
        "Check everything that can be known without AWS.",
        "Needs no credentials. Every problem is told at once, each with file, line and column.",
        ("scrapectl validate", "scrapectl validate pipeline.yaml --stage prod", "scrapectl validate --output json"),
    ),
    "plan": Help(
        "Show what apply would change; changes nothing.",
        "Reads what stands in AWS. Exit code 0; 3 when the plan is refused; with --detailed-exitcode 2 for changes. "
        "--calls goes through the plan as apply would, and shows each AWS request with its parameters instead of "
        "sending it: what AWS answers is (known after apply), secrets are masked.",
        (
            "scrapectl plan",
            "scrapectl plan --detailed-exitcode",
            "scrapectl plan --out plan.json --markdown",
            "scrapectl plan --calls",
        ),
    ),
    "apply": Help(
        "Plan, ask, and make AWS as the spec wants it.",
        "Whatever stops it, running it again goes on where it stopped.",
        (
            "scrapectl apply",
            "scrapectl apply --local --yes",
            "scrapectl apply --plan plan.json",
            "scrapectl apply --only jobs.collect",
        ),
    ),
    "destroy": Help(
        "Remove the pipeline.",
        "Shows the plan and asks for the instance's name. Works without the spec, too: --pipeline NAME. Buckets that "
        "hold objects are refused, unless --delete-data.",
        ("scrapectl destroy", "scrapectl destroy --pipeline shop --stage eu", "scrapectl destroy --yes --delete-data"),
    ),
    "run": Help(
        "Start a job, a function, a workflow or a loader now.",
        "Ends at once with the run's id; --wait ends with the run, and with its container's exit code (a function or "
        "workflow: 0 or 1). --env becomes variables of a job's container, the event's environment of a function "
        '({"environment": {"K": "V"}}), and the input of a workflow ({"K": "V"}). A function that is waited for is '
        "called at once; another gets its event from Lambda's queue, and is tried again when it fails.",
        (
            "scrapectl run collect --follow",
            "scrapectl run collect --env ZIP=10001 --memory 4096 --wait",
            "scrapectl run collect --array 10 --share high --dry-run",
            "scrapectl run process --env KEY=in/a.csv --follow",
        ),
    ),
    "logs": Help(
        "Print a run's log.",
        "Of a run by its id, of the last run of a name, or of the pipeline's last run. An array's "
        "children are merged; so are the history of a workflow's run and the logs of the jobs and functions that it "
        "ran. AWS keeps no list of a function's calls: those of the last 24 hours are known by their log.",
        (
            "scrapectl logs collect --follow",
            "scrapectl logs collect --since 1h --filter error",
            "scrapectl logs collect --last 3 --all --output json",
        ),
    ),
    "status": Help(
        "Show resources, runs, next starts and triggers.",
        "Runs of jobs and workflows as AWS lists them; of functions the calls of the last 24 hours, as far as their "
        "log tells, some seconds late. A trigger is on or off; one by a bucket's own notification is part of its "
        "bucket, and not listed.",
        ("scrapectl status", "scrapectl status collect --watch", "scrapectl status --pipeline shop --output json"),
    ),
    "stop": Help(
        "Cancel what waits, end what runs.",
        "A run by its id, or the only active run of a job or workflow; --all for all of its, or of the pipeline's, "
        "active runs. A workflow takes the jobs that it waits for with it. Lambda lets nobody end a function's call.",
        ("scrapectl stop collect", "scrapectl stop collect --all", 'scrapectl stop --all --reason "wrong zip"'),
    ),
    "load": Help(
        "Show what loaders have loaded and refused, and load it again.",
        "",
        ("scrapectl load status", "scrapectl load status persons --last 20", "scrapectl load retry persons --wait"),
    ),
    "load status": Help(
        "Show the last loads of a loader, or of each.",
        "loaded; skipped: the table had it already; refused, because of what is in the files: the table is as it was, "
        "and the reason names file, line, column and value; failed: another try may do better. Jobs whose items are "
        "expected to be so and so, and read by no loader, stand here by their own names. Kept for 90 days.",
        ("scrapectl load status", "scrapectl load status persons --output json"),
    ),
    "load retry": Help(
        "Load again what a loader refused.",
        "Of the newest load of which an object is not loaded yet, or of a run, as load status shows it. What the table "
        "holds already is not loaded twice. Mend what was wrong first: the table, the columns in the spec, the rights; "
        "a file that is wrong is uploaded anew. Exit code 64 when nothing is left to load, and for what is no loader. "
        "Of a loader of messages it loads the dead letters, all of them; those that still do not fit stay, and make "
        "the exit code 1.",
        ("scrapectl load retry persons", "scrapectl load retry persons --wait", "scrapectl load retry persons RUN"),
    ),
    "drift": Help(
        "Show what differs though the spec did not change.",
        "Changed, broken, missing, or ours without being wanted; apply brings it back. While the last apply made all "
        "of this very spec, that is known for sure. After an edit that was not applied, each field still tells which "
        "side moved, but whether a missing thing is new in the spec or was deleted in AWS cannot be told, and is "
        "said. Exit code 0; with --detailed-exitcode 2 when something drifted.",
        ("scrapectl drift", "scrapectl drift --detailed-exitcode", "scrapectl drift pipeline.yaml --output json"),
    ),
    "schedule": Help(
        "List, pause and resume schedules, and show their next starts.",
        "",
        (
            "scrapectl schedule list",
            "scrapectl schedule next collect -n 5",
            "scrapectl schedule pause collect",
            "scrapectl schedule resume collect",
        ),
    ),
    "schedule list": Help(
        "List the schedules that stand.",
        "",
        ("scrapectl schedule list", "scrapectl schedule list --pipeline shop --output json"),
    ),
    "schedule next": Help(
        "Show when jobs, functions and workflows start next.",
        "From the spec, without AWS; with --pipeline from what stands. Local times that the clock leaves out in spring "
        "are skipped, those that come twice in autumn start once, as EventBridge does. The spec knows of no pause.",
        ("scrapectl schedule next", "scrapectl schedule next collect -n 5", "scrapectl schedule next --pipeline shop"),
    ),
    "schedule pause": Help(
        "Keep the schedules of a job, function, workflow or host from starting it.",
        "All of them, or one, by its key in the spec. What runs goes on (see: scrapectl stop). A pause survives "
        "the next apply, is noted in its plan, and ends with schedule resume, or when the spec itself turns the "
        "schedule off (enabled: false). While an apply or destroy of this pipeline is at work it is waited for.",
        (
            "scrapectl schedule pause collect",
            "scrapectl schedule pause collect morning",
            "scrapectl schedule pause collect --pipeline shop --stage eu",
        ),
    ),
    "schedule resume": Help(
        "Let paused schedules start what is theirs again.",
        "What would have started meanwhile is not made up for. What the spec has off stays off.",
        ("scrapectl schedule resume collect", "scrapectl schedule resume collect morning --pipeline shop"),
    ),
    "share": Help(
        "Make a link to the newest object of a bucket.",
        "Whoever has the link may read that one object until it expires, without an account. --email sends it through "
        "SES; that SES sends for the sender is checked first. Without --sender the sender is the receiver, if SES has "
        "verified that address, or the only address that it has verified.",
        (
            "scrapectl share raw/calendars/",
            "scrapectl share raw --expires 7d --pipeline shop",
            "scrapectl share raw/calendars/ --email team@example.org --sender scraper@example.org",
        ),
    ),
    "graph": Help(
        "Draw the pipeline, or one workflow's states, as Mermaid.",
        "A flowchart of what starts, runs, reads, writes and reaches what, or a state diagram of a workflow as it will "
        "be compiled. AWS is not asked. GitHub and many editors show Mermaid in a block of Markdown.",
        ("scrapectl graph", "scrapectl graph --workflow process", "scrapectl graph pipeline.yaml --output json"),
    ),
    "pipelines": Help(
        "List every pipeline that stands in this account and region.",
        "Also the one that was renamed, or left in another stage.",
        ("scrapectl pipelines", "scrapectl pipelines --region eu-west-1 --output json"),
    ),
    "policy": Help(
        "Print the least IAM policy that lets a person or a CI do something with this pipeline.",
        "apply: plan, apply and push images, whatever is edited in the spec's sections; run: run, stop, pause, watch; "
        "read: plan, drift, status, logs; destroy. Names, paths and tags keep it to this pipeline; notes say where AWS "
        "allows no narrower. Account and region are the spec's, else AWS is asked.",
        (
            "scrapectl policy --for apply --out policies",
            "scrapectl policy --for run --stage prod",
            "scrapectl policy pipeline.yaml --for read > read.json",
        ),
    ),
    "images": Help(
        "Build, push and list the pipeline's images.",
        "apply builds and pushes what its repository lacks by itself.",
        ("scrapectl images list", "scrapectl images build scraper", "scrapectl images push scraper --force"),
    ),
    "images build": Help(
        "Build an image on this machine, by docker or podman; nothing is pushed.",
        "It gets the name and the tag that a push gives it. AWS is not asked.",
        ("scrapectl images build", "scrapectl images build scraper --force"),
    ),
    "images list": Help(
        "List the images in the pipeline's repositories.",
        "Each with its tags, digest, time of push, size, and the active job definitions that name it.",
        (
            "scrapectl images list",
            "scrapectl images list scraper",
            "scrapectl images list --pipeline shop --output json",
        ),
    ),
    "images push": Help(
        "Build an image and push it to the pipeline's repository.",
        "An image whose folder did not change is not built again; --force builds it anew, for a new base image.",
        ("scrapectl images push", "scrapectl images push scraper --force"),
    ),
    "doctor": Help(
        "Look for what is missing on this machine, in its credentials, and in the spec.",
        "Versions, the spec, a container engine, the embedded cloud, credentials and until when they hold, region, and "
        "with a spec whether these credentials may do all that apply needs (by IAM's own simulator, where it may be "
        "asked). Each is ok, warn or fail, with what to do. Exit code 1 when something fails. No key is ever shown.",
        ("scrapectl doctor", "scrapectl doctor pipeline.yaml --profile work", "scrapectl doctor --local --output json"),
    ),
    "completion": Help(
        "Print what makes your shell complete.",
        "Commands, options, and the spec's own names: what can be run, schedules, images. Add it to your shell for "
        'good: bash by the line  eval "$(scrapectl completion bash)"  in ~/.bashrc, zsh by the same with zsh in '
        "~/.zshrc.",
        (
            "scrapectl completion bash",
            "scrapectl completion zsh > ~/.scrapectl-complete.zsh",
            "scrapectl completion fish > ~/.config/fish/completions/scrapectl.fish",
        ),
    ),
    "local": Help(
        "The embedded cloud behind --local.",
        "AWS on this machine, for trying out. It starts when a command first needs it, and keeps everything in memory.",
        ("scrapectl local status", "scrapectl local start --foreground --port 5000", "scrapectl local reset"),
    ),
    "local start": Help(
        "Start the embedded cloud.",
        "With --foreground it serves any AWS client on this machine, with any credentials, until Ctrl-C; --policy FILE "
        "holds its clients to an IAM policy, and denies the rest as AWS does.",
        (
            "scrapectl local start",
            "scrapectl local start --foreground --port 5000",
            "scrapectl local start --foreground --port 5000 --policy shop-apply.json",
        ),
    ),
    "local stop": Help("Stop the embedded cloud; what stood in it is gone.", "", ("scrapectl local stop",)),
    "local status": Help(
        "Show whether the embedded cloud runs, and what stands in it.",
        "",
        ("scrapectl local status", "scrapectl local status --output json"),
    ),
    "local mail": Help(
        "Show the mails that the embedded cloud would have sent.",
        "The newest last. Every address of a topic counts as confirmed; nothing ever leaves this machine.",
        ("scrapectl local mail", "scrapectl local mail --output json"),
    ),
    "local reset": Help("Empty the embedded cloud.", "", ("scrapectl local reset",)),
}


def subcommands(prefix: str) -> list[str]:
    """The names of the commands directly under a group ("" for the top), in the order they are told."""
    start = f"{prefix} " if prefix else ""
    return [name for path in HELP if path.startswith(start) and " " not in (name := path.removeprefix(start))]
