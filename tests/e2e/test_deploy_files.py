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
    literals = KUSTOMIZATION["configMapGenerator"][0]["literals"]
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
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    assert service in {path["backend"]["service"]["name"] for path in paths}


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
