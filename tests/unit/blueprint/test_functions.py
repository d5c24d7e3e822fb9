"""Functions as they are wanted: code and wrapper, roles by access, networks, mounts, layers, queues, schedules."""

import json

import pytest

from scrapectl.engine.values import Ref
from scrapectl.engine.values import Text as Mixed
from scrapectl.kinds.lambda_function import LambdaFunction
from tests.unit.blueprint.world import resources, roles, spec_of, wanted

PLACE = "us-east-1:123456789012"


@pytest.fixture(autouse=True)
def code(tmp_path, monkeypatch):
    """The folders that specs name."""
    monkeypatch.chdir(tmp_path)
    for path in ("publish/app.py", "publish/index.js", "words/words.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")


def functions(text, more="", **facts):
    """The functions that a spec wants, by key."""
    found = resources(spec_of(f"functions: {{{text}}}\n{more}"), "lambda_function", **facts)
    return {address.rpartition("shop-")[2]: each for address, each in found.items() if "shop-" in address}


def function(keys="", more="", **facts) -> LambdaFunction:
    return functions(f"publish: {{code: ./publish, handler: app.handler{keys}}}", more, **facts)["publish"]


def role_of(text, key="publish", **facts):
    """The statements of a function's role."""
    spec = spec_of(text)
    address = resources(spec, "lambda_function", **facts)[f"lambda_function.shop-{key}"].role.address
    return resources(spec, "iam_role", **facts)[address].policy.document["Statement"]


def actions(statements):
    return {action for statement in statements for action in statement["Action"]}


def test_the_wrapper_stands_before_a_python_handler():
    made = function(packages={"publish": b"zip"})
    assert made.handler == "scrapectl_wrapper.handler"
    assert made.environment == {"SCRAPECTL_HANDLER": "app.handler"}
    assert (made.package, made.runtime) == (b"zip", "python3.13")


def test_other_runtimes_have_their_own_handler():
    made = functions("publish: {code: ./publish, handler: index.handler, runtime: nodejs22.x}")["publish"]
    assert (made.handler, made.environment) == ("index.handler", {})


def test_what_a_spec_says_is_said_to_aws():
    made = function(", memory: 1024, timeout: 30s, disk: 1024, concurrency: 2, platform: ARM64, environment: {ZIP: b}")
    assert (made.memory, made.timeout, made.disk, made.concurrency, made.platform) == (1024, 30, 1024, 2, "ARM64")
    assert made.environment["ZIP"] == "b"
    assert made.log_group == Ref("log_group.shop", "name", "/scrapectl/shop")


def test_events_that_come_to_nothing_go_to_the_dead_letters():
    made = function()
    assert (made.on_failure.address, made.retries, made.within_seconds) == ("sqs_queue.shop_dead", 2, 3600)
    assert "sqs_queue.shop_dead" in wanted(spec_of("functions: {publish: {code: ./publish, handler: app.handler}}"))


def test_an_image_by_digest_with_its_command():
    made = functions("publish: {image: scraper, command: [app.handler]}", "images: {scraper: {build: ./scraper}}\n")[
        "publish"
    ]
    assert made.image == Ref("ecr_image.shop-scraper", "uri")
    assert (made.command, made.code, made.handler, made.runtime) == (("app.handler",), "", "", "")


def test_an_image_elsewhere_is_pinned():
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/theirs:1"
    made = functions(f"publish: {{image: '{uri}'}}", pinned_images={uri: uri.replace(":1", "@sha256:ab")})["publish"]
    assert made.image.endswith("theirs@sha256:ab")


SECRETS = """
secrets: {token: {generate: 32}, theirs: {existing: "arn:aws:secretsmanager:us-east-1:123456789012:secret:t-abcdef"}}
functions: {publish: {code: ./publish, handler: app.handler, secrets: {TOKEN: token, PW: "theirs:password"}}}
"""
THEIRS = {("secrets", "theirs"): {"arn": "arn:theirs", "name": "theirs", "key": ""}}


def test_the_wrapper_is_told_which_secrets_and_no_value():
    made = resources(spec_of(SECRETS), "lambda_function", existing=THEIRS)["lambda_function.shop-publish"]
    told = made.environment["SCRAPECTL_SECRETS"]
    assert isinstance(told, Mixed)
    read = json.loads("".join(part if isinstance(part, str) else f"<{part.address}>" for part in told.parts))
    assert read == {"PW": "arn:theirs:password", "TOKEN": "<secret.shop-token>"}


def test_the_role_may_read_just_those_secrets():
    (secrets,) = [s for s in role_of(SECRETS, existing=THEIRS) if "secretsmanager:GetSecretValue" in s["Action"]]
    assert secrets["Resource"] == ["arn:aws:secretsmanager:" + PLACE + ":secret:shop-token-??????", "arn:theirs"]


def test_a_plain_function_may_log_and_leave_letters_and_no_more():
    found = role_of("functions: {publish: {code: ./publish, handler: app.handler}}\n")
    assert actions(found) == {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
    assert not any("*" in statement["Resource"] for statement in found)


def test_one_role_for_each_distinct_set_of_access():
    text = """
message_queues: {rows: {}}
functions:
  a: {code: ./publish, handler: app.handler, access: {send: [rows]}}
  b: {code: ./publish, handler: app.handler, access: {send: [rows]}, memory: 128}
  c: {code: ./publish, handler: app.handler}
"""
    assert len([name for name in roles(spec_of(text)) if name.startswith("function-")]) == 2


CALLS = """
functions:
  publish: {code: ./publish, handler: app.handler, access: {call: [other], start: [nightly]}}
  other: {code: ./publish, handler: app.handler}
workflows: {nightly: {steps: [{call: other}]}}
"""


def test_call_and_start_name_just_what_is_called_and_started():
    by_action = {action: s["Resource"] for s in role_of(CALLS) for action in s["Action"]}
    arn = f"arn:aws:lambda:{PLACE}:function:shop-other"
    assert by_action["lambda:InvokeFunction"] == [arn, f"{arn}:*"]
    assert by_action["states:StartExecution"] == [f"arn:aws:states:{PLACE}:stateMachine:shop-nightly"]
    runs = [f"arn:aws:states:{PLACE}:execution:shop-nightly:*"]
    assert by_action["states:DescribeExecution"] == by_action["states:StopExecution"] == runs


def test_jobs_call_and_start_too():
    text = CALLS + "jobs: {work: {image: 'public.ecr.aws/x/y:1', access: {call: [other], start: [nightly]}}}\n"
    (job,) = [role for name, role in roles(spec_of(text)).items() if name.startswith("job-")]
    assert {"lambda:InvokeFunction", "states:StartExecution"} <= actions(job.policy.document["Statement"])


def test_access_that_starts_nothing_keeps_the_names_of_its_roles():
    """The name of a role is a hash of its access: words that came later must not rename what stands."""
    job = "jobs: {work: {image: 'public.ecr.aws/x/y:1', access: {send: [rows]}}}\nmessage_queues: {rows: {}}\n"
    assert "job-1ddd7e" in roles(spec_of(job))


def test_outside_of_the_network_unless_it_mounts_or_connects():
    made = function(", access: {send: [rows]}", "message_queues: {rows: {}}\n")
    assert (made.subnets, made.security_groups) == ((), ())


CONNECTS = """
databases: {results: {engine: postgres, version: "16", class: db.t4g.micro, storage: 20}}
functions: {publish: {code: ./publish, handler: app.handler, access: {connect: [results]}}}
"""


def test_what_connects_stands_in_the_subnets_with_a_group_that_the_database_lets_in():
    found = wanted(spec_of(CONNECTS))
    made = found["lambda_function.shop-publish"].resource
    group = Ref("security_group.shop_functions", "id")
    assert (made.subnets, made.security_groups) == (("subnet-1", "subnet-2"), (group,))
    assert {rule.source for rule in found["security_group.shop-results_database"].resource.ingress} == {group}
    assert not found["security_group.shop_functions"].resource.ingress
    assert "ec2:CreateNetworkInterface" in actions(role_of(CONNECTS))


MOUNTS = """
network: {cidr: 10.0.0.0/24, nat: single}
filesystems: {work: {paths: {data: {}}}}
functions: {publish: {code: ./publish, handler: app.handler, mounts: {/mnt/files: work/data}}}
"""


def test_what_mounts_stands_in_private_subnets_behind_their_way_out():
    found = wanted(spec_of(MOUNTS))
    made = found["lambda_function.shop-publish"]
    assert {ref.address for ref in made.resource.subnets} == {"ec2_subnet.shop-private-a", "ec2_subnet.shop-private-b"}
    assert made.after == ("ec2_route_table.shop-private-a", "ec2_route_table.shop-private-b")
    (mount,) = made.resource.mounts
    assert (mount.path, mount.access_point) == ("/mnt/files", Ref("efs_access_point.shop-work_data", "arn"))
    sources = {rule.source for rule in found["security_group.shop-work_mounts"].resource.ingress}
    assert Ref("security_group.shop_functions", "id") in sources


def test_layers_of_one_folder_are_shared_and_their_content_is_in_their_name():
    text = """
functions:
  a: {code: ./publish, handler: app.handler, layers: [./words]}
  b: {code: ./publish, handler: app.handler, layers: [./words, "arn:aws:lambda:us-east-1:1:layer:x:1"]}
  c: {code: ./publish, handler: app.handler, layers: [./words], runtime: python3.12}
""".replace(":1:layer", ":111122223333:layer")
    keys = [("./words", runtime, "X86_64") for runtime in ("python3.13", "python3.12")]
    spec = spec_of(text)
    one = resources(spec, "lambda_layer", layers=dict.fromkeys(keys, b"one"))
    two = resources(spec, "lambda_layer", layers=dict.fromkeys(keys, b"two"))
    assert one.keys() == two.keys()
    assert len(one) == 2
    assert {layer.name for layer in one.values()}.isdisjoint(layer.name for layer in two.values())
    made = resources(spec, "lambda_function")
    (of_a,), (of_b, theirs) = (made[f"lambda_function.shop-{key}"].layers for key in "ab")
    assert of_a == of_b
    assert theirs.endswith(":layer:x:1")


def test_messages_start_a_function_in_batches():
    text = """
message_queues: {rows: {}}
functions: {publish: {code: ./publish, handler: app.handler}}
triggers: {arrived: {on: {message_queue: rows, batch: 100, window: 5s}, start: {function: publish}}}
"""
    found = wanted(spec_of(text))
    source = found["lambda_event_source.shop-arrived"]
    made = source.resource
    assert (made.function, made.source) == ("shop-publish", f"arn:aws:sqs:{PLACE}:shop-rows")
    assert (made.batch, made.window_seconds, made.report_failures) == (100, 5, True)
    assert source.after == ("lambda_function.shop-publish", "sqs_queue.shop-rows")
    (take,) = [s for s in role_of(text) if "sqs:ReceiveMessage" in s["Action"]]
    assert take["Resource"] == [f"arn:aws:sqs:{PLACE}:shop-rows"]


CLOCK = """
buckets: {raw: {}}
functions:
  publish:
    code: ./publish
    handler: app.handler
    schedules: {minute: {rate: 1m, environment: {ZIP: "48104", BUCKET: "${bucket.raw.name}"}}}
  other: {code: ./publish, handler: app.handler}
workflows:
  nightly: {steps: [{call: other}], schedules: {night: {cron: "0 2 * * ? *", input: {full: true, at: "${region}"}}}}
"""


def test_schedules_of_functions_send_an_event_that_the_wrapper_understands():
    made = resources(spec_of(CLOCK), "schedule")["schedule.shop-publish_minute"]
    assert made.target_arn == "arn:aws:scheduler:::aws-sdk:lambda:invoke"
    assert made.input["FunctionName"] == Ref(
        "lambda_function.shop-publish", "arn", f"arn:aws:lambda:{PLACE}:function:shop-publish"
    )
    assert made.input["InvocationType"] == "Event"
    event = json.loads(str(made.input["Payload"]))
    assert event == {"environment": {"BUCKET": "shop-raw-123456789012-us-east-1", "ZIP": "48104"}}


def test_schedules_of_workflows_start_an_execution_with_their_input():
    made = resources(spec_of(CLOCK), "schedule")["schedule.shop-nightly_night"]
    assert made.target_arn == "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
    assert str(made.input["StateMachineArn"]) == f"arn:aws:states:{PLACE}:stateMachine:shop-nightly"
    assert json.loads(made.input["Input"]) == {"at": "us-east-1", "full": True}


def test_the_schedulers_role_may_start_just_these():
    document = roles(spec_of(CLOCK))["scheduler"].policy.document
    by_action = {action: s["Resource"] for s in document["Statement"] for action in s["Action"]}
    assert set(by_action) == {"lambda:InvokeFunction", "states:StartExecution", "sqs:SendMessage"}
    assert all(arn.partition(":function:")[2].startswith("shop-publish") for arn in by_action["lambda:InvokeFunction"])
    assert by_action["states:StartExecution"] == [f"arn:aws:states:{PLACE}:stateMachine:shop-nightly"]
