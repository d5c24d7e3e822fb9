"""The control plane of Step Functions refuses what AWS refuses, in its words."""

import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.caller import judge
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from tests.unit.local_workflows.conftest import LOG_DELIVERY, TASK, Flows

PASS = {"StartAt": "p", "States": {"p": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 600, "End": True}}}
DAY = 86_400


@pytest.fixture
def world(tmp_path):
    cloud = Cloud(VirtualClock(), state_dir=tmp_path)
    yield Flows(cloud)
    cloud.close()


def refused(call, **params):
    with pytest.raises(ClientError) as raised:
        call(**params)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


def create(world, document=PASS, **params):
    given = {"name": "m", "definition": json.dumps(document), "roleArn": world.may("*")} | params
    return world.sfn.create_state_machine(**given)


def test_a_machine_is_described_as_it_was_made(world):
    made = create(world)
    told = world.sfn.describe_state_machine(stateMachineArn=made["stateMachineArn"])
    told.pop("ResponseMetadata")
    assert told.pop("creationDate") == made["creationDate"]
    assert told == {
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "name": "m",
        "status": "ACTIVE",
        "definition": json.dumps(PASS),
        "roleArn": world.may("*"),
        "type": "STANDARD",
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
    }


def test_made_again_it_is_called_made_though_role_and_tags_differ(world):
    first = create(world, tags=[{"key": "a", "value": "1"}])
    again = create(world, roleArn=world.may("s3:*"), tags=[{"key": "b", "value": "2"}])
    assert again["stateMachineArn"] == first["stateMachineArn"]
    told = world.sfn.describe_state_machine(stateMachineArn=first["stateMachineArn"])
    assert told["roleArn"] == world.may("*")
    tags = world.sfn.list_tags_for_resource(resourceArn=first["stateMachineArn"])["tags"]
    assert tags == [{"key": "a", "value": "1"}]


@pytest.mark.parametrize(
    "other", [{"definition": json.dumps(PASS, indent=1)}, {"tracingConfiguration": {"enabled": True}}]
)
def test_another_of_the_same_name_is_refused(world, other):
    create(world)
    code, text = refused(lambda **params: create(world, **params), **other)
    assert code == "StateMachineAlreadyExists"
    assert text == "State Machine Already Exists: 'arn:aws:states:us-east-1:123456789012:stateMachine:m'"


@pytest.mark.parametrize("name", ["a b", "a/b", "a*", "<a>", "a{b}"])
def test_names(world, name):
    assert refused(lambda: create(world, name=name))[0] == "InvalidName"


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        ('{"StartAt": "p"}', "SCHEMA_VALIDATION_FAILED"),
        (json.dumps({"StartAt": "q", "States": PASS["States"]}), "at /StartAt"),
        (
            json.dumps({"StartAt": "p", "States": {"p": {"Type": "Pass", "Ende": True, "End": True}}}),
            "at /States/p/Ende",
        ),
    ],
)
def test_definitions_are_checked(world, definition, said):
    code, text = refused(lambda: create(world, definition=definition))
    assert code == "InvalidDefinition"
    assert text.startswith("Invalid State Machine Definition: '")
    assert said in text
    told = world.sfn.validate_state_machine_definition(definition=definition)
    assert told["result"] == "FAIL"
    assert told["diagnostics"][0]["severity"] == "ERROR"


def test_a_good_definition_is_told_good(world):
    assert world.sfn.validate_state_machine_definition(definition=json.dumps(PASS))["diagnostics"] == []


def test_the_role_must_trust_step_functions(world):
    role = world.role("other", "*", service="lambda.amazonaws.com")
    code, text = refused(lambda: create(world, roleArn=role))
    assert code == "AccessDeniedException"
    assert "is authorized to assume the provided role" in text


def test_a_fresh_role_is_refused_for_a_while(tmp_path):
    cloud = Cloud(VirtualClock(), delays=True, state_dir=tmp_path)
    world = Flows(cloud)
    role = world.may("*")
    assert refused(lambda: create(world, roleArn=role))[0] == "AccessDeniedException"
    cloud.clock.advance(60)
    create(world, roleArn=role)
    cloud.close()


SYNC = {"Type": "Task", "Resource": f"{TASK}batch:submitJob.sync", "Parameters": {}, "End": True}


def test_waiting_for_jobs_takes_the_right_to_make_the_rule(world):
    document = {
        "StartAt": "g",
        "States": {"g": {"Type": "Parallel", "Branches": [{"StartAt": "j", "States": {"j": SYNC}}], "End": True}},
    }
    role = world.may("batch:*")
    code, text = refused(lambda: create(world, document, roleArn=role))
    assert code == "AccessDeniedException"
    assert text == f"'{role}' is not authorized to create managed-rule 'StepFunctionsGetEventsForBatchJobsRule'."
    create(world, document, roleArn=world.may("batch:*", "events:PutTargets", "events:PutRule", "events:DescribeRule"))


def log(group="/scrapectl/shop", end=":*"):
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}{end}"
    return {"cloudWatchLogsLogGroup": {"logGroupArn": arn}}


@pytest.mark.parametrize(
    ("logging", "said"),
    [
        ({"level": "ALL"}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": []}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": [log(), log("/other")]}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": [log("/none")]}, "Log Destination not found."),
        ({"level": "ALL", "destinations": [log(end="")]}, "end with ':*'"),
    ],
)
def test_logs_need_one_place_that_is_there(world, logging, said):
    world("logs").create_log_group(logGroupName="/scrapectl/shop")
    code, text = refused(lambda: create(world, loggingConfiguration=logging))
    assert code == "InvalidLoggingConfiguration"
    assert text.startswith("Invalid Logging Configuration: ")
    assert said in text


def test_logs_need_the_role_s_rights(world):
    world("logs").create_log_group(logGroupName="/scrapectl/shop")
    logging = {"level": "ERROR", "destinations": [log()]}
    code, text = refused(lambda: create(world, roleArn=world.may("s3:*"), loggingConfiguration=logging))
    assert (code, text) == (
        "AccessDeniedException",
        "The state machine IAM Role is not authorized to access the Log Destination",
    )
    create(world, roleArn=world.may(*LOG_DELIVERY), loggingConfiguration=logging)


def test_an_update_changes_what_is_given(world):
    arn = create(world)["stateMachineArn"]
    assert refused(lambda: world.sfn.update_state_machine(stateMachineArn=arn))[0] == "MissingRequiredParameter"
    first = world.sfn.update_state_machine(stateMachineArn=arn, roleArn=world.may("s3:*"))
    told = world.sfn.describe_state_machine(stateMachineArn=arn)
    assert (told["roleArn"], told["definition"]) == (world.may("s3:*"), json.dumps(PASS))
    assert told["revisionId"] == first["revisionId"]
    same = world.sfn.update_state_machine(stateMachineArn=arn, roleArn=world.may("s3:*"))
    assert same["revisionId"] == first["revisionId"]
    bad = {"stateMachineArn": arn, "definition": "{}"}
    assert refused(world.sfn.update_state_machine, **bad)[0] == "InvalidDefinition"


def test_a_run_keeps_what_it_began_with(world):
    arn = create(world, WAIT)["stateMachineArn"]
    run = world.start(arn)
    world.pass_time()
    world.sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(PASS))
    told = world.sfn.describe_state_machine_for_execution(executionArn=run)
    assert told["definition"] == json.dumps(WAIT)
    world.pass_time(600)
    assert "WaitStateExited" in world.kinds(run)


def test_what_is_not_there(world):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    run = "arn:aws:states:us-east-1:123456789012:execution:none:x"
    sfn = world.sfn
    for call in (sfn.describe_state_machine, sfn.start_execution, sfn.list_executions):
        assert refused(call, stateMachineArn=arn) == (
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{arn}'",
        )
    for call in (sfn.describe_execution, sfn.stop_execution, sfn.get_execution_history):
        assert refused(call, executionArn=run) == ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{run}'")
    assert refused(sfn.list_tags_for_resource, resourceArn=arn)[0] == "ResourceNotFound"
    assert refused(sfn.describe_state_machine, stateMachineArn="m") == (
        "InvalidArn",
        "Invalid Arn: 'Invalid ARN prefix: m'",
    )
    sfn.delete_state_machine(stateMachineArn=arn)  # no error


@pytest.fixture
def slow(tmp_path):
    cloud = Cloud(VirtualClock(), delays=True, state_dir=tmp_path)
    world = Flows(cloud)
    world.may("*")
    cloud.clock.advance(60)
    yield world
    cloud.close()


def test_a_deletion_ends_the_runs_and_holds_the_name_for_a_while(slow):
    arn = create(slow, WAIT)["stateMachineArn"]
    run = slow.start(arn)
    slow.pass_time()
    slow.sfn.delete_state_machine(stateMachineArn=arn)
    assert slow.sfn.describe_state_machine(stateMachineArn=arn)["status"] == "DELETING"
    assert slow.told(run)["status"] == "ABORTED"
    assert refused(lambda: create(slow, PASS))[0] == "StateMachineDeleting"
    assert refused(slow.sfn.start_execution, stateMachineArn=arn)[0] == "StateMachineDeleting"
    slow.pass_time(60)
    assert refused(slow.sfn.describe_state_machine, stateMachineArn=arn)[0] == "StateMachineDoesNotExist"
    create(slow, PASS)


def test_a_name_starts_one_run(world):
    arn = create(world, WAIT)["stateMachineArn"]
    first = world.sfn.start_execution(stateMachineArn=arn, name="x", input='{"a":1}')
    again = world.sfn.start_execution(stateMachineArn=arn, name="x", input='{"a":1}')
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])
    other = {"stateMachineArn": arn, "name": "x", "input": "{}"}
    code, text = refused(world.sfn.start_execution, **other)
    assert (code, text) == ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    world.pass_time(600)
    same = {"stateMachineArn": arn, "name": "x", "input": '{"a":1}'}
    assert refused(world.sfn.start_execution, **same)[0] == "ExecutionAlreadyExists"
    world.pass_time(89 * DAY)
    assert refused(world.sfn.start_execution, **same)[0] == "ExecutionAlreadyExists"
    world.pass_time(2 * DAY)
    world.sfn.start_execution(**same)


@pytest.mark.parametrize("text", ["not json", "'a'", '{"a":'])
def test_input_is_json(world, text):
    arn = create(world)["stateMachineArn"]
    code, said = refused(world.sfn.start_execution, stateMachineArn=arn, input=text)
    assert code == "InvalidExecutionInput"
    assert said.startswith("Invalid State Machine Execution Input: '")


def test_runs_are_listed_newest_first_by_status(world):
    arn = create(world, WAIT)["stateMachineArn"]
    for name in ("a", "b", "c"):
        world.start(arn, name=name)
        world.pass_time(1)
    world.sfn.stop_execution(executionArn=arn.replace("stateMachine", "execution") + ":b")
    listed = world.sfn.list_executions(stateMachineArn=arn, maxResults=2)
    assert [one["name"] for one in listed["executions"]] == ["c", "b"]
    rest = world.sfn.list_executions(stateMachineArn=arn, nextToken=listed["nextToken"])
    assert [one["name"] for one in rest["executions"]] == ["a"]
    running = world.sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    assert [one["name"] for one in running] == ["c", "a"]


def test_stopping_what_has_ended_changes_nothing(world):
    run = world.start(create(world)["stateMachineArn"])
    world.pass_time()
    before = world.told(run)["stopDate"]
    world.pass_time(5)
    assert world.sfn.stop_execution(executionArn=run)["stopDate"] == before
    assert world.told(run)["status"] == "SUCCEEDED"


def test_tags_are_set_removed_and_found_by_the_tagging_api(world):
    arn = create(world, tags=[{"key": "scrapectl:pipeline", "value": "shop"}])["stateMachineArn"]
    world.sfn.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "x"}])
    world.sfn.untag_resource(resourceArn=arn, tagKeys=["team", "none"])
    assert world.sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "scrapectl:pipeline", "value": "shop"}]
    filters = [{"Key": "scrapectl:pipeline", "Values": ["shop"]}]
    world("resourcegroupstaggingapi").get_resources(TagFilters=filters)
    found = world("resourcegroupstaggingapi").get_resources(TagFilters=filters, ResourceTypeFilters=["states"])
    assert [one["ResourceARN"] for one in found["ResourceTagMappingList"]] == [arn]
    many = [{"key": f"k{number}", "value": ""} for number in range(50)]
    assert refused(world.sfn.tag_resource, resourceArn=arn, tags=many)[0] == "TooManyTags"


def test_express_machines_are_made_and_not_run(world):
    arn = create(world, type="EXPRESS")["stateMachineArn"]
    assert refused(world.sfn.start_execution, stateMachineArn=arn)[0] == "NotImplemented"
    sync = {"StartAt": "j", "States": {"j": SYNC}}
    assert refused(lambda: create(world, sync, name="n", type="EXPRESS"))[0] == "InvalidDefinition"


def test_a_caller_is_judged_on_the_machine_and_the_run(world):

    create(world)
    shop = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    runs = shop.replace("stateMachine", "execution")
    statement = {"Effect": "Allow", "Action": "states:*", "Resource": [shop, f"{runs}:*"]}
    judge(world.cloud, [{"Version": "2012-10-17", "Statement": [statement]}])
    run = world.start(shop)
    world.told(run)
    world.sfn.describe_state_machine(stateMachineArn=shop)
    assert refused(world.sfn.describe_state_machine, stateMachineArn=f"{shop}-2")[0] == "AccessDeniedException"
    denied = {"name": "n", "definition": json.dumps(PASS), "roleArn": world.may("*")}
    with pytest.raises(ClientError, match=r"states:CreateStateMachine on resource: .*:stateMachine:n"):
        world.sfn.create_state_machine(**denied)
