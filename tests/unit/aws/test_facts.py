"""What is asked before anything can be wanted: the network, what `existing:` names, the hashes of build folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scrapectl.aws.facts import gather_facts
from scrapectl.errors import AwsError, EnvironmentProblem, SpecError
from scrapectl.facts import Facts
from scrapectl.operate.images import push_image
from tests.account import ACCOUNT, EXAMPLES, REGION, Account, is_read, spec_of

QUICKSTART = EXAMPLES["quickstart"].parent / "scraper"
HEAD = "version: 1\npipeline: shop\nregion: us-east-1\n"


def facts(account: Account, text: str, folder: Path = Path(), env: dict[str, str] | None = None) -> Facts:
    spec = spec_of(HEAD + text, folder, env)
    return gather_facts(spec, account.session(), lambda path, platform: f"{path.name}-{platform}", env or {})


def vpc(account: Account) -> tuple[str, list[str]]:
    """A VPC of the user with two subnets and no way out."""
    ec2 = account.client("ec2")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=made, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    return made, subnets


def open_up(account: Account, network: str, subnet: str | None = None) -> None:
    """Route one subnet, or the whole VPC by its main table, to an internet gateway."""
    ec2 = account.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network)
    if subnet is None:
        tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network]}])["RouteTables"]
        table = tables[0]["RouteTableId"]
    else:
        table = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def test_default_network_is_the_accounts_own(account: Account) -> None:
    found = facts(account, "jobs: {a: {image: x}}\n")
    subnets = account.client("ec2").describe_subnets()["Subnets"]
    assert (found.account, found.partition, found.region) == (ACCOUNT, "aws", REGION)
    assert found.network.subnets == tuple(sorted(subnet["SubnetId"] for subnet in subnets if subnet["DefaultForAz"]))
    assert found.network.public
    assert found.network.security_groups == ()


def test_given_network_is_private_without_a_gateway(account: Account) -> None:
    network, subnets = vpc(account)
    found = facts(account, f"network: {{vpc: {network}}}\n").network
    assert found.vpc == network
    assert found.subnets == tuple(sorted(subnets))
    assert not found.public


@pytest.mark.parametrize(("opened", "public"), [(0, True), (1, False), (None, True)])
def test_subnet_is_public_by_its_own_route(account: Account, opened: int | None, public: bool) -> None:
    network, subnets = vpc(account)
    open_up(account, network, None if opened is None else subnets[opened])
    text = f"network: {{vpc: {network}, subnets: [{subnets[0]}], security_groups: [sg-0123456789abcdef0]}}\n"
    found = facts(account, text).network
    assert found.public is public
    assert found.subnets == (subnets[0],)
    assert found.security_groups == ("sg-0123456789abcdef0",)


def test_subnet_of_another_vpc_is_refused_at_its_place(account: Account) -> None:
    network, subnets = vpc(account)
    text = f"network: {{vpc: {network}, subnets: [{subnets[0]}, subnet-0123456789abcdef0]}}\n"
    with pytest.raises(
        SpecError, match=rf"pipeline.yaml:4:\d+: network.subnets: subnet-0123\w+ is no subnet of {network}"
    ):
        facts(account, text)


def test_vpc_without_subnets(account: Account) -> None:
    empty = account.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(EnvironmentProblem, match=f"VPC {empty} has no subnet"):
        facts(account, f"network: {{vpc: {empty}}}\n")


EXISTING = {
    "buckets": "theirs-bucket",
    "message_queues": "theirs-queue",
    "secrets": "theirs-secret",
    "images": "theirs-images",
    "compute_environments": "theirs-environment",
    "job_queues": "theirs-jobs",
}


def make(account: Account, section: str) -> None:
    """Make what a section's `existing:` names, as somebody else."""
    name = EXISTING[section]
    batch = account.client("batch")
    if section == "buckets":
        account.client("s3").create_bucket(Bucket=name)
    elif section == "message_queues":
        account.client("sqs").create_queue(QueueName=name)
    elif section == "secrets":
        account.client("secretsmanager").create_secret(Name=name, SecretString="x")
    elif section == "images":
        repository = account.client("ecr").create_repository(repositoryName=name)["repository"]
        push_image(account.session(), repository["repositoryUri"], QUICKSTART, "latest")
    else:
        ec2 = account.client("ec2")
        resources = {
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        }
        environment = name if section == "compute_environments" else "another"
        batch.create_compute_environment(computeEnvironmentName=environment, type="MANAGED", computeResources=resources)
        if section == "job_queues":
            order = [{"order": 1, "computeEnvironment": environment}]
            batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)


@pytest.mark.parametrize("section", EXISTING)
def test_existing_thing_is_read_and_never_changed(account: Account, section: str) -> None:
    text = f"{section}: {{it: {{existing: {EXISTING[section]}}}}}\n"
    thing = section.removesuffix("s").replace("_", " ")
    with pytest.raises(
        SpecError, match=rf"pipeline.yaml:4:\d+: {section}.it.existing: {thing} '.*{EXISTING[section]}' is not there"
    ) as missing:
        facts(account, text)
    assert missing.value.exit_code == 4
    make(account, section)
    before = len(account.sent.calls)
    outputs = facts(account, text).existing[section, "it"]
    assert outputs["name"] == EXISTING[section]
    assert outputs["arn"].startswith("arn:aws:")
    assert all(is_read(sent) for sent in account.sent.calls[before:])
    plan = account.plan(spec_of(HEAD + text)).plan
    assert plan.empty
    assert account.plan_destroy(spec_of(HEAD + text)).plan.empty


def test_everything_missing_is_told_at_once(account: Account, tmp_path: Path) -> None:
    text = "".join(
        f"{section}: {{it: {{existing: {name}}}}}\n" for section, name in EXISTING.items() if section != "images"
    )
    with pytest.raises(SpecError) as missing:
        facts(account, text + "images: {a: {build: ./no}, b: {build: ./no}}\n", tmp_path)
    assert len(missing.value.problems) == len(EXISTING) - 1 + 2
    places = [problem.place for problem in missing.value.problems]
    assert places == sorted(places, key=lambda place: (place is None, place))


def test_bucket_that_may_not_be_read_is_no_absence(account: Account) -> None:
    account.sent.deny("HeadBucket")
    with pytest.raises(AwsError, match=r"buckets.it: bucket theirs-bucket cannot be read"):
        facts(account, "buckets: {it: {existing: theirs-bucket}}\n")


def test_folders_are_hashed_for_their_platform(account: Account, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM x\n", encoding="utf-8")
    found = facts(account, "images: {a: {build: ./one}, b: {build: ./two, platform: ARM64}}\n", tmp_path)
    assert found.image_tags == {"a": "src-one-X86_64", "b": "src-two-ARM64"}


def test_folder_without_dockerfile(account: Account, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with pytest.raises(SpecError, match=r"images.a.build: ./one has no Dockerfile"):
        facts(account, "images: {a: {build: ./one}}\n", tmp_path)


def test_secret_is_read_from_its_variable_when_that_is_set(account: Account) -> None:
    text = "secrets: {a: {from_env: A}, b: {from_env: B}, c: {generate: 20}}\n"
    found = facts(account, text, env={"A": "value", "B": ""})
    assert found.secret_values == {"a": "value"}
    assert "value" not in repr(found)


def test_all_is_asked_in_one_round(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    aws = account.session()
    gather = aws.gather

    def counted(tasks: Any) -> Any:
        todo = list(tasks)
        rounds.append(len(todo))
        return gather(todo)

    monkeypatch.setattr(aws, "gather", counted)
    for section in EXISTING:
        if section != "job_queues":
            make(account, section)
    facts(account, "".join(f"{s}: {{it: {{existing: {n}}}}}\n" for s, n in EXISTING.items() if s != "job_queues"))
    assert rounds[0] == len(EXISTING)


def test_arn_of_another_account_is_asked_for_there(account: Account) -> None:
    """A queue or repository of the same name in our own account is another thing."""
    theirs = "210987654321"
    account.client("sqs").create_queue(QueueName="theirs")
    text = (
        f"message_queues: {{it: {{existing: 'arn:aws:sqs:{REGION}:{theirs}:theirs'}}}}\n"
        f"images: {{it: {{existing: 'arn:aws:ecr:{REGION}:{theirs}:repository/theirs'}}}}\n"
    )
    with pytest.raises(SpecError):
        facts(account, text)
    assert account.sent.of("GetQueueUrl")[0]["QueueOwnerAWSAccountId"] == theirs
    assert account.sent.of("DescribeImages")[0]["registryId"] == theirs


def test_shares_of_an_existing_queue_are_those_that_batch_asks_for(account: Account) -> None:
    """Else every submission would be refused, long after the apply."""
    make(account, "job_queues")
    existing = EXISTING["job_queues"]
    with pytest.raises(SpecError, match=r"pipeline.yaml:4:\d+: job_queues.it.shares: this queue has no shares"):
        facts(account, f"job_queues: {{it: {{existing: {existing}, shares: {{low: 1}}}}}}\n")
    batch = account.client("batch")
    policy = batch.create_scheduling_policy(name="fair", fairsharePolicy={})["arn"]
    order = [{"order": 1, "computeEnvironment": "another"}]
    batch.create_job_queue(jobQueueName="fair", priority=1, schedulingPolicyArn=policy, computeEnvironmentOrder=order)
    with pytest.raises(SpecError, match=r"pipeline.yaml:4:\d+: job_queues.it.existing: .* its jobs need shares"):
        facts(account, "job_queues: {it: {existing: fair}}\n")
    assert ("job_queues", "it") in facts(account, "job_queues: {it: {existing: fair, shares: {low: 1}}}\n").existing


def test_a_zone_without_fargate_is_left_out_unless_it_is_named(account: Account, monkeypatch: Any) -> None:
    subnets = account.client("ec2").describe_subnets()["Subnets"]
    bad = subnets[0]
    monkeypatch.setattr("scrapectl.aws.network.WITHOUT_FARGATE", frozenset({bad["AvailabilityZoneId"]}))
    found = facts(account, "jobs: {a: {image: x}}\n").network.subnets
    assert found == tuple(sorted({subnet["SubnetId"] for subnet in subnets} - {bad["SubnetId"]}))
    named = f"network: {{vpc: {bad['VpcId']}, subnets: [{bad['SubnetId']}]}}\n"
    assert facts(account, named).network.subnets == (bad["SubnetId"],)


def database(account: Account, engine: str = "mysql") -> str:
    """Somebody else's database, and what the spec says of it but for the engine."""
    account.client("rds").create_db_instance(
        DBInstanceIdentifier="theirs", DBInstanceClass="db.t4g.micro", Engine=engine, AllocatedStorage=20,
        MasterUsername="somebody", ManageMasterUserPassword=True,
    )  # fmt: skip
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:theirs-AbCdEf"
    return f"existing: theirs, database: theirs, secret: '{secret}'"


def test_the_engine_of_an_existing_database_is_the_one_that_is_written(account: Account) -> None:
    theirs = database(account)
    found = facts(account, f"databases: {{it: {{engine: mysql, {theirs}}}}}\n").existing["databases", "it"]
    assert (found["name"], found["database"]) == ("theirs", "theirs")
    with pytest.raises(SpecError, match=r"engine: this database's engine is mysql. Write engine: mysql."):
        facts(account, f"databases: {{it: {{engine: postgres, {theirs}}}}}\n")


def test_warehouses_of_others_tell_where_they_answer(account: Account) -> None:
    serverless = account.client("redshift-serverless")
    serverless.create_namespace(namespaceName="theirs", manageAdminPassword=True)
    made = serverless.create_workgroup(workgroupName="theirs", namespaceName="theirs", baseCapacity=8)["workgroup"]
    beside = f"database: d, secret: 'arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:theirs-AbCdEf'"
    text = f"warehouses: {{it: {{existing: theirs, engine: %s, {beside}}}}}\n"
    found = facts(account, text % "redshift-serverless").existing["warehouses", "it"]
    assert (found["name"], found["arn"], found["port"], found["database"]) == (
        "theirs",
        made["workgroupArn"],
        "5439",
        "d",
    )
    with pytest.raises(SpecError, match=r"warehouse 'theirs' is not there"):
        facts(account, text % "redshift")


def test_all_that_is_wrong_with_existing_things_is_told_at_once(account: Account) -> None:
    wrong = f"databases: {{it: {{engine: postgres, {database(account)}}}}}\n"
    with pytest.raises(SpecError) as raised:
        facts(account, wrong + "message_queues: {rows: {existing: none}}\ntopics: {news: {existing: none}}\n")
    paths = [problem.path for problem in raised.value.problems]
    assert paths == ["databases.it.engine", "message_queues.rows.existing", "topics.news.existing"]


def test_a_thing_of_another_region_is_not_taken_for_one_of_its_name_here(account: Account) -> None:
    account.client("sqs").create_queue(QueueName="rows")
    text = f"message_queues: {{rows: {{existing: 'arn:aws:sqs:eu-west-1:{ACCOUNT}:rows'}}}}\n"
    told = r"message_queues.rows.existing: it is in eu-west-1, and the pipeline in us-east-1. Name one of us-east-1."
    with pytest.raises(SpecError, match=told):
        facts(account, text)
    assert not account.sent.of("GetQueueUrl")


@pytest.mark.parametrize("section", ["jobs", "functions", "workflows"])
def test_whoever_is_told_of_a_failure_is_told_by_the_notifier(account: Account, section: str) -> None:
    things = {
        "jobs": "{image: x%s}",
        "functions": "{image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/x@sha256:%s%%s}" % ("0" * 64),
        "workflows": "{steps: [{wait: 1m}]%s}",
    }
    text = "topics: {team: {}}\n" + section + ": {a: " + things[section] + "}\n"
    assert facts(account, text % "").notifier == {}
    told = facts(account, text % ", on_failure: team").notifier
    assert b"def handle" in told["notifier.py"]
    assert b"def secrets_in" in told["texts.py"]
