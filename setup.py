"""Metadata of public-data-catalog. Tool settings are in pyproject.toml, exact versions in requirements/."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"

ROOMS = ("connectors", "classifiers", "workflows")
# "**" also matches no folder at all.
DATA = [
    "py.typed",
    "**/.gitignore",
    *(f"**/*.{suffix}" for suffix in ("yaml", "txt", "csv", "html", "css", "js", "j2", "json", "md")),
]

INSTALL_REQUIRES = [
    "click>=8.1",
    "jinja2>=3.1.6",
    "msgspec>=0.19",
    "openpyxl>=3.1",
    "psycopg2-binary>=2.9.9",
    "pydantic>=2.12.5,<3",
    "PyMySQL>=1.1,<2",
    "pypinyin>=0.53",
    "PyYAML>=6.0",
    "requests>=2.31",
    "rich>=13.7",
    "SQLAlchemy>=2.0.30,<2.1",
    "sqlglot>=29,<30",
]

EXTRAS_REQUIRE = {
    # What some kinds of files and addresses need besides.
    "dcat": ["rdflib>=7,<8"],
    "dm": ["dmSQLAlchemy>=2.0.12,<3"],
    "kingbase": ["ksycopg2>=2.9,<3"],
    "mssql": ["pymssql>=2.3.2,<3"],
    "oceanbase-oracle": ["pyoceanbase>=1.0.1,<2"],
    "oracle": ["oracledb>=2.4"],
    "parquet": ["pyarrow>=17"],
    "remote": ["fsspec>=2024.6"],
    "xls": ["xlrd>=2.0.1,<3"],
    # pytz: the SDK imports it without declaring it.
    "openmetadata": ["openmetadata-ingestion==2.0.6.0", "pytz"],
    "dev": [
        "fsspec>=2024.6",
        "hypothesis>=6.100",
        "mypy>=1.11",
        "playwright>=1.45",
        "pyarrow>=17",
        "pytest>=8.2",
        "pytest-timeout>=2.3",
        "pytest-xdist>=3.6",
        "rdflib>=7,<8",
        "responses>=0.25",
        "ruff>=0.6",
        "starlette>=0.40",
        "types-openpyxl",
        "types-psycopg2",
        "types-PyMySQL",
        "types-PyYAML",
        "types-requests",
        "types-setuptools",
        "uvicorn>=0.30",
        "xlrd>=2.0.1,<3",
    ],
}

ENTRY_POINTS = {
    "console_scripts": ["pdc=workflows.cli:main"],
    "public_data_catalog.connectors": [
        "sqlite=connectors.sql.connector:SqlConnector",
        "postgresql=connectors.sql.connector:SqlConnector",
        "mariadb=connectors.sql.connector:SqlConnector",
        "mysql=connectors.sql.connector:SqlConnector",
        "kingbase=connectors.sql.connector:SqlConnector",
        "opengauss=connectors.sql.connector:SqlConnector",
        "gaussdb=connectors.sql.connector:SqlConnector",
        "tidb=connectors.sql.connector:SqlConnector",
        "oceanbase=connectors.sql.connector:SqlConnector",
        "oracle=connectors.sql.connector:SqlConnector",
        "dm=connectors.sql.connector:SqlConnector",
        "oceanbase-oracle=connectors.sql.connector:SqlConnector",
        "mssql=connectors.sql.connector:SqlConnector",
        "sqlalchemy=connectors.sql.sqlalchemy:AnyConnector",
        "ddl=connectors.ddl:DdlConnector",
        "workbook=connectors.workbook:WorkbookConnector",
        "files=connectors.files:FilesConnector",
        "openapi=connectors.openapi:OpenApiConnector",
        "rest=connectors.rest:RestConnector",
        "openmetadata=connectors.om_server:ServerConnector",
    ],
    "public_data_catalog.ingestion": ["site=workflows.ingestion:StoredSystem"],
}


setup(
    name="public-data-catalog",
    version="0.1.0",
    description="Harvest departments' systems, propose share, open and sensitivity labels with their legal basis, "
    "and publish one catalogue of public data",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[pattern for room in ROOMS for pattern in (room, f"{room}.*")]),
    package_data=dict.fromkeys(ROOMS, DATA),
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    entry_points=ENTRY_POINTS,
    zip_safe=False,
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Natural Language :: Chinese (Simplified)",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Typing :: Typed",
    ],
)
