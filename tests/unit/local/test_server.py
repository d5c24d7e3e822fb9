"""The background server: started once, met again, gone for good, and closed to everyone else."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from scrapectl.errors import EnvironmentProblem
from scrapectl.local import client, instance
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import record
from scrapectl.local.server import Server


def _aws(endpoint, service, key=None):
    session = Session(key or endpoint.access_key, endpoint.secret_key, region_name=endpoint.region)
    return session.client(service, endpoint_url=endpoint.url, config=Config(retries={"max_attempts": 0}))


def _other_version(folder):
    """Make the running server look like one of other source."""
    instance.write(folder, dataclasses.replace(instance.read(folder), fingerprint="other"))


def test_it_starts_is_met_again_and_stops(folder):
    assert client.status() == client.Status(running=False, folder=str(folder))
    endpoint = client.ensure_running()
    assert client.ensure_running() == endpoint
    _aws(endpoint, "sqs").create_queue(QueueName="q")
    told = client.status()
    assert (told.running, told.current, told.endpoint) == (True, True, endpoint)
    assert told.resources == {"message queues": 1}
    assert told.memory > 10
    assert client.stop() is True
    assert client.stop() is False
    assert not (folder / "server.json").exists()


def test_its_files_are_this_users_alone(folder):
    client.ensure_running()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
    assert set(modes) >= {"server.json", "server.log", "lock"}
    assert set(modes.values()) == {0o600}


def test_a_folder_that_others_may_read_is_closed(folder):
    folder.mkdir(mode=0o755)
    instance.directory()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_two_at_once_start_one(folder):
    with ThreadPoolExecutor(4) as pool:
        endpoints = list(pool.map(lambda _: client.ensure_running(), range(4)))
    assert len(set(endpoints)) == 1


def test_after_a_kill_the_next_command_starts_another(folder):
    first = client.ensure_running()
    pid = client.status().pid
    os.kill(pid, signal.SIGKILL)
    second = client.ensure_running()
    assert second.access_key != first.access_key
    assert client.status().pid != pid


def test_a_stale_file_with_a_living_pid_is_not_alive(folder):
    instance.directory()
    instance.write(folder, instance.Running(1, "key", "secret", os.getpid(), instance.fingerprint(), 0.0))
    assert client.status().running is False
    assert _aws(client.ensure_running(), "sts").get_caller_identity()["Account"] == "123456789012"


def test_it_stops_on_sigterm_and_not_by_the_terminals_ctrl_c(folder):
    client.ensure_running()
    pid = client.status().pid
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while instance.alive(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.status().running is False


def test_another_version_is_replaced_silently_when_empty(folder):
    first = client.ensure_running()
    _other_version(folder)
    assert client.status().current is False
    assert client.ensure_running() != first


def test_another_version_with_resources_wants_a_reset(folder):
    _aws(client.ensure_running(), "sqs").create_queue(QueueName="q")
    _other_version(folder)
    with pytest.raises(EnvironmentProblem, match="scrapectl local reset") as caught:
        client.ensure_running()
    assert "1 resource" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert client.status().running
    client.reset()
    assert client.status().resources == {}


def test_a_start_that_fails_says_why(folder, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(EnvironmentProblem, match="did not start"):
        client.ensure_running()


def test_the_client_needs_no_aws_library():
    code = (
        "import sys, scrapectl.local.client as c; c.instance.fingerprint();"
        "print([m for m in ('boto3', 'botocore', 'moto', 'werkzeug') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.fixture
def served(folder):
    """A cloud served in this process."""
    server = Server(Cloud())
    server.start()
    yield server
    server.close()


def test_another_key_is_refused_in_each_protocol(served):
    for service, method in [("batch", "describe_job_queues"), ("s3", "list_buckets"), ("iam", "list_roles")]:
        with pytest.raises(ClientError) as caught:
            getattr(_aws(served.endpoint, service, key="AKIASOMEONEELSE"), method)()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _raw(served, method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {"Host": "evil.example"}),
        ("GET", "/", {"Origin": "https://evil.example"}),
        ("OPTIONS", "/", {}),
        ("POST", "/moto-api/reset", {}),
        ("GET", "/-/status", {}),
        ("GET", "/-/status", {"x-scrapectl-key": "wrong"}),
        ("POST", "/-/stop", {}),
        ("GET", "/bucket/key", {}),
    ],
)
def test_who_is_not_ours_is_told_nothing(served, method, path, headers):
    response, _ = _raw(served, method, path, headers)
    assert response.status == 403
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_a_stranger_is_turned_away_before_the_body_is_read(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as stranger:
        stranger.sendall(
            f"PUT /b/k HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 99999999\r\n\r\n".encode()
        )
        answer = b""
        while chunk := stranger.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 403")


def test_no_answer_lets_a_page_read_it(served):
    s3 = _aws(served.endpoint, "s3")
    s3.create_bucket(Bucket="some-bucket")
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket="some-bucket", CORSConfiguration={"CORSRules": [rule]})
    told = s3.list_objects_v2(Bucket="some-bucket")["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in told if name.startswith("access-control")]


def test_objects_of_any_way_and_size(served):
    s3 = _aws(served.endpoint, "s3")
    s3.create_bucket(Bucket="some-bucket")
    s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), "some-bucket", "large/with space")
    assert s3.head_object(Bucket="some-bucket", Key="large/with space")["ContentLength"] == 9_000_000
    s3.put_object(Bucket="some-bucket", Key="small", Body=b"hello", Metadata={"a": "b"})
    got = s3.get_object(Bucket="some-bucket", Key="small")
    assert (got["Body"].read(), got["Metadata"]) == (b"hello", {"a": "b"})
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "some-bucket", "Key": "small"})
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"hello"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(link.replace(served.endpoint.access_key, "AKIAOTHER"))


def test_a_chunked_body_is_put_together(served):
    s3 = _aws(served.endpoint, "s3")
    s3.create_bucket(Bucket="some-bucket")
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "some-bucket", "Key": "k"})
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    path = link.split(str(served.port), 1)[1]
    connection.request(
        "PUT", path, body=iter([b"one ", b"two"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket="some-bucket", Key="k")["Body"].read() == b"one two"


@pytest.mark.parametrize("body", ["Content-Length: 5\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])
def test_half_a_request_is_not_carried_out(served, body):
    s3 = _aws(served.endpoint, "s3")
    s3.create_bucket(Bucket="some-bucket")
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "some-bucket", "Key": "k"})
    path = link.split(str(served.port), 1)[1]
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as dying:
        dying.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n{body}".encode())
        dying.shutdown(socket.SHUT_WR)
        assert dying.recv(1) == b""
    assert "Contents" not in s3.list_objects_v2(Bucket="some-bucket")


def test_many_at_once(served):
    sqs = _aws(served.endpoint, "sqs")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sqs.create_queue(QueueName=f"q{n}"), range(40)))
    assert len(sqs.list_queues()["QueueUrls"]) == 40


def test_a_client_that_waits_for_a_message_keeps_nobody_waiting(served):
    sqs = _aws(served.endpoint, "sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=url)
        time.sleep(0.2)
        before = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        assert time.monotonic() - before < 2
        assert waiting.result(timeout=5)["Messages"][0]["Body"] == "hello"


def test_a_lost_answer_ends_the_connection(served):
    record(served.cloud).lose_answer("CreateQueue")
    sqs = _aws(served.endpoint, "sqs")
    with pytest.raises(ConnectionClosedError):
        sqs.create_queue(QueueName="q")
    assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_a_layers_link_gives_its_bytes(served):
    ecr = _aws(served.endpoint, "ecr")
    ecr.create_repository(repositoryName="a/b")
    number = ecr.initiate_layer_upload(repositoryName="a/b")["uploadId"]
    about = {"repositoryName": "a/b", "uploadId": number}
    ecr.upload_layer_part(**about, partFirstByte=0, partLastByte=2, layerPartBlob=b"abc")
    digest = "sha256:" + hashlib.sha256(b"abc").hexdigest()
    ecr.complete_layer_upload(**about, layerDigests=[digest])
    link = ecr.get_download_url_for_layer(repositoryName="a/b", layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"abc"


def test_status_counts_what_stands(served):
    aws = {name: _aws(served.endpoint, name) for name in ("s3", "iam", "logs", "scheduler", "batch", "ec2", "ssm")}
    aws["s3"].create_bucket(Bucket="some-bucket")
    aws["logs"].create_log_group(logGroupName="/g")
    aws["scheduler"].create_schedule_group(Name="g")
    aws["batch"].create_scheduling_policy(name="p")
    aws["ssm"].put_parameter(Name="/p", Value="x", Type="String")
    vpc = aws["ec2"].describe_vpcs()["Vpcs"][0]["VpcId"]
    aws["ec2"].create_security_group(GroupName="g", Description="d", VpcId=vpc)
    _, body = _raw(served, "GET", "/-/status", {"x-scrapectl-key": served.endpoint.access_key})
    assert json.loads(body)["resources"] == {
        "buckets": 1,
        "log groups": 1,
        "schedule groups": 1,
        "scheduling policies": 1,
        "parameters": 1,
        "security groups": 1,
    }


def test_time_passes_by_itself(served):
    seen = []
    served.cloud.workers.append(lambda: seen.append(1))
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen
