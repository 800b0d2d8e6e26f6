"""``pdc init``: what it writes, that it never overwrites, and that config/ is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from classifiers.policy import load_pack
from connectors.base import ConfigurationError
from workflows.cli_protect import administrators
from workflows.init import init_site, template_files
from workflows.server_settings import ServerSettings
from workflows.site import load_site

CONFIG = Path(__file__).resolve().parents[2] / "config"
NAMES = [
    ".gitignore",
    "departments/example.yaml",
    "ingestion/example.yaml",
    "openmetadata.yaml",
    "packs/example.yaml",
    "site.yaml",
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def uncommented(text: str) -> str:
    """The example as the operator gets it by the instruction in its first line."""
    body = text.split("\n#\n", 1)[1]
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines())


def test_config_is_what_init_writes(tmp_path: Path) -> None:
    written = init_site(tmp_path / "new" / "site")
    assert [path.relative_to(tmp_path / "new" / "site").as_posix() for path in written] == NAMES
    committed = {name: text for name, text in contents(CONFIG).items() if not name.startswith(("var/", "out/"))}
    assert contents(tmp_path / "new" / "site") == committed


def test_a_new_site_loads(tmp_path: Path) -> None:
    init_site(tmp_path)
    site = load_site(tmp_path, environ={})
    assert site.departments == ()
    assert site.overlays == ()
    assert site.openmetadata is None
    assert site.warnings == ()


def test_the_example_department_loads_once_its_comment_signs_are_gone(tmp_path: Path) -> None:
    init_site(tmp_path)
    example = tmp_path / "departments" / "example.yaml"
    example.write_text(uncommented(example.read_text("utf-8")), "utf-8")
    # The example shows a connector, its globs, a dictionary, an existing server and a restricted system.
    site = load_site(tmp_path, environ={"RESCUE_PASSWORD": "x", "OPENMETADATA_TOKEN": "x"})
    (department,) = site.departments
    assert [system.id for system in department.systems] == ["rescue", "dictionary", "production", "classified"]
    assert site.restricted_systems == 1
    assert site.warnings == ()
    assert site.system_config("minzheng", "rescue").restricted == ("public.t_sm_*",)


def test_the_example_overlay_changes_the_pack_once_its_comment_signs_are_gone(tmp_path: Path) -> None:
    init_site(tmp_path)
    example = tmp_path / "packs" / "example.yaml"
    example.write_text(uncommented(example.read_text("utf-8")), "utf-8")
    site = load_site(tmp_path)
    pack = load_pack(site.pack, site.overlays)
    assert pack.ident == "putuo-2020@1+district.1"
    assert (pack.base_tier("person.mobile"), pack.base_tier("person.id_card")) == ("L4", "L4")


def test_the_example_server_loads_once_its_comment_signs_are_gone(tmp_path: Path) -> None:
    init_site(tmp_path)
    example = tmp_path / "openmetadata.yaml"
    example.write_text(uncommented(example.read_text("utf-8")), "utf-8")
    site = load_site(tmp_path, environ={"OPENMETADATA_TOKEN": "bot", "OPENMETADATA_ADMIN": "admin"})
    assert (site.server.token, administrators(site).token, site.server.workers) == ("bot", "admin", 4)
    assert site.server.ca_file == str(tmp_path / "tls" / "district-ca.pem")
    assert site.server.model_dump(exclude={"url", "token", "admin_token", "ca_file"}) == ServerSettings(
        url="x", token="x"
    ).model_dump(exclude={"url", "token", "admin_token", "ca_file"})


def test_the_example_person_loads_once_its_comment_signs_are_gone(tmp_path: Path) -> None:
    init_site(tmp_path)
    lines = (tmp_path / "site.yaml").read_text("utf-8").splitlines()
    start = lines.index("# people:")
    (tmp_path / "site.yaml").write_text(
        "\n".join(line.removeprefix("# ") for line in lines[start : start + 7]), "utf-8"
    )
    (person,) = load_site(tmp_path).people
    assert (person.name, person.openmetadata, person.may_rule("any")) == ("张三", "zhang.san", True)


def test_commented_settings_are_real_settings(tmp_path: Path) -> None:
    init_site(tmp_path)
    text = (tmp_path / "site.yaml").read_text("utf-8")
    settings = [line.removeprefix("# ") for line in text.split("out: out\n")[1].splitlines() if line.startswith("# ")]
    (tmp_path / "site.yaml").write_text("\n".join(settings), "utf-8")
    assert load_site(tmp_path).settings == load_site(CONFIG).settings


def test_nothing_is_overwritten_and_nothing_written_beside_it(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("name: mine\n")
    (tmp_path / "notes.txt").write_text("mine\n")
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError, match=r"already holds site\.yaml; nothing was written"):
        init_site(tmp_path)
    assert contents(tmp_path) == before


def test_other_files_in_the_folder_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("mine\n")
    init_site(tmp_path)
    assert (tmp_path / "README").read_text() == "mine\n"


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    init_site(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        init_site(tmp_path)
    assert all(name in str(caught.value) for name in NAMES)
    assert contents(tmp_path) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(ConfigurationError, match="not a folder"):
        init_site(tmp_path / "x")


@pytest.mark.parametrize("name", NAMES[1:])
def test_templates_are_yaml_that_says_little(name: str) -> None:
    text = dict(template_files())[name].read_text("utf-8")
    assert text.startswith("# ")
    data = yaml.safe_load(text)
    assert data is None or name == "site.yaml"
