"""The compose and Kubernetes files against the settings the code really reads: no unknown and no
missing variable. No container engine runs here, so the files are parsed."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.box.databases import SERVICES
from deploy.box.peer_door import OPEN

SECRET = r"^\s*[A-Z_]*(?:PASSWORD|_KEY|SECRET)[=:]\s*(\S+)"
DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
BASE = DEPLOY / "k8s" / "base"
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text())


def variables(service: str) -> tuple[set[str], set[str]]:
    """(every variable a service reads, those it cannot start without)."""
    kind = import_module(f"services.{service}.settings").Settings
    names = {f"YIPAN_{name}".upper(): field for name, field in kind.model_fields.items()}
    return set(names), {name for name, field in names.items() if field.is_required()}


def manifests() -> list[dict[str, Any]]:
    return [
        document
        for name in KUSTOMIZATION["resources"]
        for document in yaml.safe_load_all((BASE / name).read_text())
    ]


def compose_environment(service: str) -> set[str]:
    return {n for n in COMPOSE["services"][service]["environment"] if n.startswith("YIPAN_")}


def kubernetes_environment(service: str) -> set[str]:
    (literals,) = [
        each["literals"] for each in KUSTOMIZATION["configMapGenerator"] if each["name"] == "yipan"
    ]
    (deployment,) = [
        each
        for each in manifests()
        if each["kind"] == "Deployment" and each["metadata"]["name"] == service
    ]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    own = {each["name"] for each in container["env"] if each["name"].startswith("YIPAN_")}
    return {line.split("=", 1)[0] for line in literals} | own


@pytest.mark.parametrize("environment", [compose_environment, kubernetes_environment])
@pytest.mark.parametrize("service", SERVICES)
def test_no_unknown_and_no_missing_variable(environment: Any, service: str) -> None:
    known, required = variables(service)
    given = environment(service)
    assert given - known == set()
    assert required - given == set()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_served_migrated_and_reached(service: str) -> None:
    assert COMPOSE["services"][service]["command"] == ["serve", service]
    assert f"yipan migrate {service}" in COMPOSE["services"]["migrate"]["command"][0]
    assert f"location /{service}/" in (DEPLOY / "compose" / "gateway.conf").read_text()
    databases = (DEPLOY / "compose" / "databases.sh").read_text()
    assert re.search(rf"for service in .*\b{service}\b", databases)
    kinds = {(each["kind"], each["metadata"]["name"]) for each in manifests()}
    assert {("Deployment", service), ("Service", service), ("Job", f"migrate-{service}")} <= kinds
    (ingress,) = [each for each in manifests() if each["kind"] == "Ingress"]
    paths = {
        each["path"]: each["backend"]["service"]["name"]
        for each in ingress["spec"]["rules"][0]["http"]["paths"]
    }
    assert paths[f"/{service}"] == ("gateway" if service == "exchange" else service)


def test_every_variable_compose_asks_of_its_user_is_explained_or_made() -> None:
    text = (DEPLOY / "compose" / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+):\?\}", text))
    example = (DEPLOY / "compose" / ".env.example").read_text()
    explained = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    command = [str(Path(sys.executable).parent / "yipan"), "keys"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert asked - explained == set(re.findall(r"^([A-Z_]+)=", made, re.MULTILINE))


def test_images_are_pinned() -> None:
    for service in COMPOSE["services"].values():
        assert re.search(r":\d", service["image"]), service["image"]
    assert re.search(r"^FROM \S+:\d", (DEPLOY / "image" / "Dockerfile").read_text(), re.MULTILINE)


def test_kafka_is_the_one_the_tests_run() -> None:
    pom = (DEPLOY / "kafka" / "pom.xml").read_text()
    _, _, version = COMPOSE["services"]["kafka"]["image"].partition(":")
    assert f">{version}<" in pom


def test_no_secret_lies_in_the_files() -> None:
    for path in DEPLOY.rglob("*"):
        if path.suffix in (".yaml", ".conf", ".sh", ".example"):
            for value in re.findall(SECRET, path.read_text(), re.MULTILINE):
                assert value.startswith(("${", "$", '"$', "'")), (path.name, value)


def test_the_containers_run_as_nobody_special() -> None:
    for each in manifests():
        if each["kind"] in ("Deployment", "Job"):
            pod = each["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            for container in pod["containers"]:
                assert container["securityContext"]["allowPrivilegeEscalation"] is False


GATEWAYS = [DEPLOY / "compose" / "gateway.conf", BASE / "gateway.conf"]


def door(conf: Path, port: str) -> str:
    """The server block of a gateway that listens on a port."""
    text = re.sub(r"#.*", "", conf.read_text())
    (block,) = [each for each in text.split("server {")[1:] if f"listen {port}" in each]
    return block


@pytest.mark.parametrize("conf", GATEWAYS, ids=lambda conf: conf.parent.name)
def test_other_nodes_show_a_certificate_and_reach_what_is_meant_for_them(conf: Path) -> None:
    peers, staff = door(conf, "8443 ssl"), door(conf, "8000")
    assert "ssl_verify_client optional_no_ca;" in peers
    assert "proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;" in peers
    assert set(re.findall(r"location (/\S+)", peers)) == set(OPEN)
    assert re.search(r"location / *{ return 404; }", peers)
    # whoever comes by another door cannot say that he showed one
    assert 'proxy_set_header X-Client-Certificate "";' in staff
    for block in (peers, staff):  # a location with headers of its own would drop these
        assert not re.search(r"location[^{]*{[^}]*proxy_set_header", block)


def test_the_exchange_demands_certificates_and_nobody_goes_round_the_gateway() -> None:
    for name, given in (
        ("compose", COMPOSE["services"]["exchange"]["environment"]),
        ("k8s", {each["name"]: each.get("value") for each in _container("exchange")["env"]}),
    ):
        assert given["YIPAN_PEER_CERTIFICATE_HEADER"] == "X-Client-Certificate", name
        assert given["YIPAN_CERTIFICATE_FILE"], name
    reaching = [
        each["spec"]["ingress"]
        for each in manifests()
        if each["kind"] == "NetworkPolicy" and _is_for(each["spec"]["podSelector"], "exchange")
    ]
    gateway = {"podSelector": {"matchLabels": {"app": "gateway"}}}
    assert reaching == [[{"from": [gateway], "ports": [{"port": 8000}]}]]
    door_ = next(e for e in manifests() if (e["kind"], e["metadata"]["name"]) == PEER_DOOR)
    assert door_["spec"]["selector"] == {"app": "gateway"}
    assert [each["port"] for each in door_["spec"]["ports"]] == [8443]  # TLS as it comes


PEER_DOOR = ("Service", "peer-door")


def _container(name: str) -> dict[str, Any]:
    (found,) = [
        container
        for each in manifests()
        if each["kind"] == "Deployment" and each["metadata"]["name"] == name
        for container in each["spec"]["template"]["spec"]["containers"]
    ]
    return dict(found)


def _is_for(selector: dict[str, Any], app: str) -> bool:
    """Whether a pod selector takes the pods of an app."""
    named = selector.get("matchLabels", {}).get("app", app) == app
    return named and all(
        (app in each["values"]) is (each["operator"] == "In")
        for each in selector.get("matchExpressions", [])
    )
