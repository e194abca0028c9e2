"""Secrets that no_log does not cover are taken out of texts, by what they are called or look like."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import PLUGIN, SECONDS_MAX

SECRET = "hunter2-MARKER"
MARK = "(redacted)"
# Real shapes, made up; put together here so that no scanner takes this file for a leak.
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "11ABCDEFG0" * 3,
    "glpat-" + "x1y2z3" * 4,
    "xoxb-" + "123456789012-abcdef",
    "sk_live_" + "4eC39HqLyjWDarjtT1",
    "hvs." + "CAESIJlU02LQZq" * 2,
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "dozjgNryP4J3jVmNHl0w",
    "npm_" + "abcDEF" * 6,
    "AIza" + "SyD-9tSrke72PouQMnMX" * 2,
]
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq\n" * 20 + "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"password={SECRET} user=bob", f"password={MARK} user=bob"),
        (f"db_password: {SECRET}", f"db_password: {MARK}"),
        (f"dbPassword: '{SECRET} and more' x", f"dbPassword: {MARK} x"),
        (f'{{"api_key": "{SECRET}", "a": 1}}', f'{{"api_key": {MARK}, "a": 1}}'),
        (f'{{\\"password\\": \\"{SECRET}\\"}}', f'{{\\"password\\": {MARK}}}'),
        (f'secret => "{SECRET}"', f"secret => {MARK}"),
        (f"passwords: [{SECRET}, {SECRET}]", f"passwords: {MARK}"),
        (f"login --password {SECRET} --force", f"login --password {MARK} --force"),
        (f"aws_secret_access_key = {SECRET}/x", f"aws_secret_access_key = {MARK}"),
        (f"uid=sa&pwd={SECRET}&x=1", f"uid=sa&pwd={MARK}&x=1"),
        (f"_auth={SECRET}", f"_auth={MARK}"),
        (f"dbpass={SECRET} DBPASS={SECRET} x", f"dbpass={MARK} DBPASS={MARK} x"),
        (f"dbPass: {SECRET}", f"dbPass: {MARK}"),
        (f"passphrase: correct horse {SECRET}\nuser: bob", f"passphrase: {MARK}\nuser: bob"),
        (f"+password: |\n+  {SECRET}\n+  {SECRET}\n+user: bob", f"+password: {MARK}\n+user: bob"),
        (f"password: 'it''s {SECRET}' x", f"password: {MARK} x"),
        (f'passphrase="no {SECRET}" x', f"passphrase={MARK} x"),
        (f"password=,{SECRET}", f"password={MARK}"),
        ("password=$ABCdef99", f"password={MARK}"),
        (f"-H 'X-Auth-Token: {SECRET}'", f"-H 'X-Auth-Token: {MARK}'"),
        (f"Authorization: Bearer {SECRET}", f"Authorization: Bearer {MARK}"),
        (f"Authorization: Basic {SECRET}==", f"Authorization: Basic {MARK}"),
        (f"https://bob:{SECRET}@example.com/x", f"https://{MARK}@example.com/x"),
        (f"+{KEY}\nand so on", f"+{MARK}\nand so on"),
        (f"{KEY[:200]}", MARK),
        (f"{KEY[200:]}\nand so on", f"{MARK}\nand so on"),
        *((f"found {token}.", f"found {MARK}.") for token in TOKENS if not token.startswith(("eyJ", "hvs"))),
        *((f"found {token}", f"found {MARK}") for token in TOKENS),
    ],
)
def test_a_secret_is_replaced_by_a_mark(playtrail, before, after):
    assert playtrail.Secrets.redact(before) == after
    assert playtrail.Secrets.redact(after) == after, "what was redacted stays as it is"


@pytest.mark.parametrize(
    "text",
    [
        "author: Jane",
        "token_ttl: 3600",
        "password_file: /etc/app/password",
        "PWD=/home/alice",
        "bypass: 1",
        "compass: north",
        "PasswordAuthentication no",
        "password: false",
        "password: {{ vault_password }}",
        "password: ${DB_PASSWORD}",
        "password: $DB_PASSWORD",
        '{"password": "", "token": null}',
        "password: ********",
        "password: VALUE_SPECIFIED_IN_NO_LOG_PARAMETER",
        "key: value",
        "authorized_keys: /root/.ssh/authorized_keys",
        "Set the password of the database",
        "see https://example.com/path",
        "ghost-writer, skeleton, hvac.",
    ],
)
def test_what_is_no_secret_is_left_alone(playtrail, text):
    assert playtrail.Secrets.redact(text) == text


def test_of_a_structure_the_values_of_secret_names_are_left_out(playtrail):
    value = {"user": "bob", "db": {"dbPassword": SECRET, "port": 5432}, "tokens": [SECRET], "pass": ""}
    assert json.loads(playtrail.Text.of(value)) == {
        "user": "bob",
        "db": {"dbPassword": MARK, "port": 5432},
        "tokens": MARK,
        "pass": "",
    }


@pytest.mark.parametrize("secret", [*TOKENS, KEY, f"password={SECRET}"])
def test_a_secret_across_a_cut_is_not_half_shown(playtrail, secret):
    """Wherever the secret lies about the place where a long text is cut, no half of it is left."""
    limit = playtrail.TEXT_CHARS_MAX
    for start in range(5990 - len(secret), 6010, 7):
        cut = playtrail.Cuts().text("msg", "." * start + " " + secret + " " + "." * (2 * limit))
        assert len(cut) <= limit
        assert secret[-12:] not in cut and secret[len(secret) // 3 :][:12] not in cut
    for after in range(1990 - len(secret), 2010, 7):
        cut = playtrail.Cuts().text("msg", "." * (2 * limit) + " " + secret + " " + "." * max(0, after))
        assert len(cut) <= limit
        assert secret[-12:] not in cut


def test_where_the_mark_is_longer_than_the_secret_a_field_keeps_its_limit(playtrail):
    text = "token=a " * 1024
    event = {"ansible": {"task": {"name": text[:1024]}, "result": {"status": "ok", "msg": text}}}
    fields = json.loads(playtrail.encode(event))["ansible"]
    assert (len(fields["task"]["name"]), len(fields["result"]["msg"])) == (1024, 8192)


def test_what_stands_behind_a_secret_is_not_lost(playtrail):
    msg = "db_pass=ab\n" * 60 + "FATAL: disk is on fire"
    event = {"ansible": {"result": {"status": "failed", "msg": msg}}}
    assert json.loads(playtrail.encode(event))["ansible"]["result"]["msg"].endswith(
        "\nFATAL: disk is on fire"
    )


def test_no_text_however_odd_keeps_the_playbook_waiting(playtrail):
    """What costs more than its length, such as the square of it, is not through within the time by far."""
    odd = [
        "accesskey",
        "access_key_",
        "-eyJ" + "a" * 60,
        "eyJ",
        "secret_",
        "password",
        "pass",
        "token-",
        "key: ",
    ]
    odd += [
        "password: |\n",
        "password:\n",
        "--password ",
        "basic ",
        "authorization: ",
        "://",
        "-----BEGIN ",
        "a.b-",
    ]
    load = f"import json, runpy, sys; redact = runpy.run_path({str(PLUGIN)!r})['Secrets'].redact"
    texts = [piece * (65536 // len(piece)) for piece in odd] + [
        f"{'password'}{' ' * 65536}",
        "-eyJ" + "a" * 65536,
    ]
    program = f"{load}\nfor text in json.load(sys.stdin): redact(text + 'password')"
    command = [sys.executable, "-c", program]
    subprocess.run(command, input=json.dumps(texts).encode(), check=True, timeout=SECONDS_MAX)


PLAYBOOK = """
- name: Secrets that nobody has marked
  hosts: alpha
  gather_facts: false
  vars:
    value: "{{ ['hunter2', 'MARKER'] | join('-') }}"
  tasks:
    - name: Log in with password={{ value }}
      ansible.builtin.command: echo --token {{ value }}
    - name: Loop
      ansible.builtin.debug:
        msg: "secret: {{ item.password }}"
      loop: [{name: bob, password: "{{ value }}"}]
    - name: Difference
      ansible.builtin.copy:
        content: "user = bob\\npassword = {{ value }}\\n"
        dest: "{{ playbook_dir }}/config"
        mode: "0600"
    - name: Try
      ansible.builtin.command: "sh -c 'echo api_key={{ value }} >&2; exit 1'"
      register: tried
      until: tried.rc == 0
      retries: 1
      delay: 0
      ignore_errors: true
    - name: Report
      ansible.builtin.set_stats:
        data: {version: "1.2", db_password: "{{ value }}"}
    - name: Skip
      ansible.builtin.debug:
      when: "'password=' ~ value == ''"
    - name: Own words
      ansible.builtin.debug:
        msg: "pin: 1234 - customer C-007 pays"
"""


@pytest.fixture(scope="module")
def found(new_controller, recorded):
    controller = new_controller()
    controller.write("site.yml", PLAYBOOK)
    configured = {"PLAYTRAIL_REDACT_KEYS": "pin,iban", "PLAYTRAIL_REDACT_PATTERNS": "(?i)c-\\d{3,5}\nnothing"}
    found = recorded(controller, "site.yml", "--diff", **configured)
    assert found.process.returncode == 0, found.process.stdout
    found.controller = controller
    return found


def test_they_are_in_no_byte_of_the_record(found):
    assert SECRET.encode() in found.process.stdout, "they were there to be recorded"
    assert SECRET.encode() not in found.controller.everything()


def test_how_many_were_taken_out_is_counted_in_the_event(found, validate):
    for event in found.trail.events:
        validate(event)
        marks = json.dumps(event.get("ansible", {})).count(MARK)
        assert event.get("ansible", {}).get("redacted", 0) == marks
    assert sum(event["event"]["action"] == "item.result" for event in found.trail.events) == 1
    assert found.trail.result("alpha", "Difference")["ansible"]["redacted"] == 1
    assert found.trail.one("run.finished")["ansible"]["custom_stats"] == [
        {"name": "version", "value": "1.2"},
        {"name": "db_password", "value": MARK},
    ]


def test_words_and_patterns_of_ones_own_are_obeyed(found):
    result = found.trail.result("alpha", "Own words")["ansible"]
    assert result["result"]["msg"] == f"pin: {MARK}"


def test_a_pattern_that_is_none_is_told_and_the_others_count(controller, recorded):
    controller.write("site.yml", PLAYBOOK)
    found = recorded(controller, "site.yml", PLAYTRAIL_REDACT_PATTERNS="(\nC-\\d+\na{99999999999}")
    shown = " ".join(found.process.stderr.decode().split())
    assert "redact_patterns: expected regular expressions, got '('" in shown
    assert MARK in found.trail.result("alpha", "Own words")["ansible"]["result"]["msg"]


FACTS = """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Facts
      ansible.builtin.set_fact:
        release: "1.2"
        data_center: fra
    - name: Look
      ansible.builtin.setup:
        gather_subset: ["!all", "!min", env]
"""


@pytest.mark.parametrize("allowed", [None, "ansible_env,data_*"])
def test_facts_are_recorded_only_where_they_are_allowed_by_name(controller, recorded, allowed):
    controller.write("facts.yml", FACTS)
    found = recorded(
        controller, "facts.yml", PLAYTRAIL_FACTS=allowed, DEPLOY_TOKEN=SECRET, DEPLOY_PLACE="fra-7"
    )
    facts = [fact for event in found.trail.of("host.result") for fact in event["ansible"].get("facts", [])]
    assert [fact["name"] for fact in facts] == (["data_center", "ansible_env"] if allowed else [])
    sent = controller.everything()
    assert (b"fra-7" in sent) is bool(allowed)
    assert SECRET.encode() not in sent


def test_of_a_prompt_only_the_name_is_recorded(controller, recorded):
    prompts = "  vars_prompt: [{name: pin, prompt: The pin, default: hunter2-MARKER, private: false}]\n"
    controller.write("ask.yml", "- hosts: alpha\n  gather_facts: false\n" + prompts)
    trail = recorded(controller, "ask.yml").trail
    assert trail.one("play.started")["ansible"]["play"]["prompted_names"] == ["pin"]
    assert SECRET.encode() not in controller.everything()


def test_what_a_secret_task_reports_with_set_stats_is_redacted(controller, recorded):
    report = "{ansible.builtin.set_stats: {data: {place: \"fra-{{ ['hunter2', 'MARKER'] | join('-') }}\"}}"
    controller.write(
        "stats.yml", f"- hosts: alpha\n  gather_facts: false\n  tasks: [{report}, no_log: true}}]\n"
    )
    trail = recorded(controller, "stats.yml").trail
    assert trail.one("run.finished")["ansible"]["custom_stats"] == [{"name": "place", "value": MARK}]


def test_a_word_of_ones_own_may_have_any_characters(controller, recorded):
    controller.write(
        "pay.yml", "- hosts: alpha\n  gather_facts: false\n  tasks: [debug: {msg: card-no=1234 paid}]\n"
    )
    trail = recorded(controller, "pay.yml", PLAYTRAIL_REDACT_KEYS="card-no").trail
    assert trail.one("host.result")["ansible"]["result"]["msg"] == f"card-no={MARK} paid"
