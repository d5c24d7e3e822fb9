"""A cloud on a virtual clock, boto3 connected to it, and functions, queues, topics and roles in a line each."""

import io
import json
import zipfile

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.functions.table import functions_of
from tests.current import boto
from tests.unit.local_jobs.conftest import Stage

ACCOUNT = "123456789012"
ROOT = f"us-east-1:{ACCOUNT}"


def zipped(files):
    """A zip of texts by name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


class World:
    """A cloud and boto3's clients of it."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.session = boto(cloud)

    def __call__(self, service):
        return self.session.client(service)

    def pass_time(self, seconds=0):
        self.cloud.clock.advance(seconds)

    def role(self, name, *actions, service="lambda.amazonaws.com", resource="*"):
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = self("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]["Arn"]
        rights = [{"Effect": "Allow", "Action": list(actions), "Resource": resource}] if actions else []
        if rights:
            policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
            self("iam").put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy)
        return arn

    def function(self, name, code, *actions, **settings):
        """A function whose handler is `main.handler`; it may write its log and do `actions`."""
        role = settings.pop("Role", None) or self.role(f"{name}-role", "logs:*", *actions)
        given = {"Runtime": "python3.13", "Handler": "main.handler", "Code": {"ZipFile": zipped({"main.py": code})}}
        return self("lambda").create_function(FunctionName=name, Role=role, **(given | settings))["FunctionArn"]

    def zipped(self, files):
        return zipped(files)

    def invoke(self, name, event=None, **params):
        answer = self("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **params)
        return json.loads(answer["Payload"].read() or "null"), answer

    def log(self, group):
        answer = self("logs").filter_log_events(logGroupName=group)
        return [event["message"] for event in answer["events"]]

    def queue(self, name, *services, **attributes):
        """A queue into which AWS services may send."""
        arn = f"arn:aws:sqs:{ROOT}:{name}"
        if services:
            attributes["Policy"] = json.dumps(allowing(services, "sqs:SendMessage", arn))
        self("sqs").create_queue(QueueName=name, Attributes=attributes)
        return arn

    def messages(self, name):
        url = self("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        answer = self("sqs").receive_message(**asked, AttributeNames=["All"], MessageAttributeNames=["All"])
        return answer.get("Messages", [])

    def told(self, message):
        """A message's own attributes as texts."""
        return {key: value["StringValue"] for key, value in message.get("MessageAttributes", {}).items()}

    def topic(self, name, *services):
        """A topic to which AWS services may publish."""
        arn = self("sns").create_topic(Name=name)["TopicArn"]
        if services:
            policy = json.dumps(allowing(services, "sns:Publish", arn))
            self("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return arn

    def rule(self, name, pattern, *targets):
        arn = self("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        self("events").put_targets(Rule=name, Targets=[{"Id": str(at)} | target for at, target in enumerate(targets)])
        return arn

    def permit(self, function, service, source):
        self("lambda").add_permission(
            FunctionName=function, StatementId="x", Action="lambda:InvokeFunction", Principal=service, SourceArn=source
        )

    def event(self, detail, source="shop", kind="order"):
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
        return self("events").put_events(Entries=[entry])["Entries"][0]


def allowing(services, action, arn):
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action, "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def world(tmp_path):
    cloud = Cloud(VirtualClock(), state_dir=tmp_path)
    yield World(cloud)
    cloud.close()


@pytest.fixture
def hurry(world):
    """Make the seconds of functions' timeouts short."""

    def make(second):
        functions_of(world.cloud).second = second

    return make


def fill(world, folder):
    """Make a small Batch in a cloud, whose jobs really run; their image is built in `folder`."""
    folder.mkdir()
    made = Stage(world.cloud, folder)
    made.call("ecr", "create_repository", repositoryName="shop-scraper")
    made.image = made.push()
    made.role = made.make_role("execution")
    made.allow("execution", "ecr:*", "logs:*")
    made.call("logs", "create_log_group", logGroupName="/scrapectl/shop")
    made.environment("small")
    made.queue("plain")
    made.define()
    return made


@pytest.fixture
def stage(world, tmp_path):
    """A small Batch in the same cloud."""
    return fill(world, tmp_path / "scraper")
