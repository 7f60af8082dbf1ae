"""The roles of `deploy/ecs` in moto's IAM."""

import json
from typing import Any

import boto3

from clipper_assets_tests.deploy.ecs import ROLES, filled
from clipper_assets_tests.support.servers import CountingS3


def identities(s3: CountingS3, values: dict[str, str]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The credentials of an operator with all permissions, and those that ECS passes to the tasks of each role."""
    endpoint: dict[str, Any] = {"endpoint_url": s3.url, "region_name": "us-east-1"}
    root_keys: dict[str, Any] = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    iam, sts = boto3.client("iam", **endpoint, **root_keys), boto3.client("sts", **endpoint, **root_keys)
    for bucket in (values["BUCKET"], values["LOGS_BUCKET"]):
        boto3.client("s3", **endpoint, **root_keys).create_bucket(Bucket=bucket)
    credentials = {}
    for name in ROLES:
        role, trust = f"clipper-{name}", json.dumps(filled("policies/trust.json", values))
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        policy = json.dumps(filled(f"policies/{name}.json", values))
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=policy)
        session = sts.assume_role(RoleArn=arn, RoleSessionName=role)["Credentials"]
        credentials[role] = {
            "AccessKeyId": session["AccessKeyId"],
            "SecretAccessKey": session["SecretAccessKey"],
            "Token": session["SessionToken"],
            "Expiration": session["Expiration"].isoformat(),
        }
    iam.create_user(UserName="operator")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    pair = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return {**pair, "region_name": "us-east-1"}, credentials
