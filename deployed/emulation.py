"""Starts ministack 1.5.33 with what it leaves out of IAM's request context, and writes down every call that it judges.

Conditions of Latchkey's policies name LeadingKeys, FromAddress, SourceFunctionArn, ViaAWSService, SourceIdentity and role paths. Without these
values a policy that is right would deny. LATCHKEY_CALLS names the file of the record: one line of JSON per call, without contents of items.
"""
import contextvars
import dataclasses
import email
import json
import os
import re
import sys
import urllib.parse
from base64 import b64decode

import ministack.app as app
import ministack.core.iam_actions as actions
import ministack.core.iam_evaluator as evaluator
import ministack.services.sts as sts

record = open(os.environ["LATCHKEY_CALLS"], "a", buffering=1, encoding="utf-8")


def replace(module, name, make):
    """Puts `make(plain)` in the place of a function, also where it was imported by name."""
    plain = getattr(module, name)
    new = make(plain)
    for holder in (actions, app, evaluator, sts):
        if getattr(holder, name, None) is plain:
            setattr(holder, name, new)


# -- DynamoDB: the partition keys that a call is about

def keys_in(data):
    """The partition keys of a call's body, as service-authorization has them in dynamodb:LeadingKeys."""
    own = [data.get("Item"), data.get("Key")]
    for table in (data.get("RequestItems") or {}).values():
        own += table.get("Keys", []) if isinstance(table, dict) else [one.get("Item") or one.get("Key") for put in table for one in put.values()]
    own += [one.get("Item") or one.get("Key") for put in data.get("TransactItems") or [] for one in put.values()]
    return [next(iter(key["pk"].values())) for key in own if isinstance(key, dict) and "pk" in key]


def with_leading_keys(plain):
    def context(body):
        keys = keys_in(json.loads(body or b"{}"))
        return {**plain(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}
    return context


replace(actions, "dynamodb_service_context", with_leading_keys)


# -- SES: the address that a mail comes from, and its identity

def sent_from(body):
    """The bare address of a SendEmail or SendRawEmail."""
    fields = urllib.parse.parse_qs((body or b"").decode("utf-8", "replace"))
    source = fields.get("Source", [""])[0]
    if not source and "RawMessage.Data" in fields:
        source = email.message_from_bytes(b64decode(fields["RawMessage.Data"][0])).get("From", "")
    found = re.search(r"<([^>]+)>\s*$", source)
    return found.group(1) if found else source


def with_from_address(plain):
    def context(service, action, body, params):
        known = plain(service, action, body, params)
        return {**known, "ses:FromAddress": sent_from(body)} if service == "ses" and action.startswith("ses:Send") else known
    return context


def of_identity(plain):
    def arn(service, method, path, headers, body, params, region, account):
        if service == "ses" and b"Action=Send" in (body or b""):
            return f"arn:aws:ses:{region}:{account}:identity/{sent_from(body)}"
        return plain(service, method, path, headers, body, params, region, account)
    return arn


replace(actions, "request_tag_context", with_from_address)
replace(actions, "extract_resource_arn", of_identity)


# -- every call: which function it comes from, the whole ARN of a role, and the record

def role_named(arn):
    from ministack.services import iam
    return iam._roles.get_scoped(arn.split(":")[4], None, arn.rsplit("/", 1)[-1])


def judged_and_recorded(plain):
    def enforce(key, action, service, region, resource_arn="*", service_context=None):
        context = {"aws:ViaAWSService": "false", **(service_context or {})}
        if action.startswith("iam:") and ":role/" in resource_arn and (role := role_named(resource_arn)):
            resource_arn = role.get("Arn", resource_arn)
            boundary = role.get("PermissionsBoundary")
            boundary = boundary.get("PermissionsBoundaryArn") if isinstance(boundary, dict) else boundary
            if boundary:
                context["iam:PermissionsBoundary"] = boundary
        who = (evaluator.resolve_caller_identity(key) if key else None) or {}
        arn = who.get("userArn", "") if isinstance(who, dict) else ""
        session = re.match(r"arn:aws:sts::(\d+):assumed-role/[^/]+/(latchkey-prod-.+)$", arn)
        if session:
            context["lambda:SourceFunctionArn"] = f"arn:aws:lambda:{region}:{session.group(1)}:function:{session.group(2)}"
        denied = plain(key, action, service, region, resource_arn, context)
        write({"principal": arn, "action": action, "resource": resource_arn, "keys": [kind(one) for one in context.get("dynamodb:LeadingKeys", [])], "allowed": denied is None})
        return denied
    return enforce


def kind(key):
    """`REQ#req_...` -> `REQ#`: what an item is, and not whose."""
    return re.match(r"[^#]*#?", key).group(0)


def write(line):
    record.write(json.dumps(line) + "\n")


replace(evaluator, "enforce", judged_and_recorded)


# -- STS: the source identity, which trust policies require and which is an action of its own

source_identity = contextvars.ContextVar("source_identity", default=None)


def remembered(plain):
    def session_tags(params, check=False):
        source_identity.set(sts._p(params, "SourceIdentity", None))
        return plain(params, check=check)
    return session_tags


def with_source_identity(plain):
    def evaluate(document, caller, context=None):
        if context is not None and source_identity.get():
            known = {**context.service_context, "sts:sourceidentity": source_identity.get()}
            context = dataclasses.replace(context, service_context=known)
            if context.action == "sts:AssumeRole" and not plain(document, caller, dataclasses.replace(context, action="sts:SetSourceIdentity")):
                return False
        return plain(document, caller, context)
    return evaluate


replace(sts, "_session_tags", remembered)
replace(evaluator, "evaluate_trust_policy", with_source_identity)

sys.exit(app.main())
