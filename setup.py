"""What pyproject.toml cannot say: the folder `specs/` is a part of the package, `archspec/specs`."""

from pathlib import Path

from setuptools import find_packages, setup

FOLDERS = ["specs", *(f"specs/{folder.name}" for folder in Path("specs").iterdir() if folder.is_dir())]
SPECS = {f"archspec.{folder.replace('/', '.')}": folder for folder in FOLDERS}

setup(
    packages=[*find_packages(include=["archspec*"]), *SPECS],
    package_dir=SPECS,
    package_data={
        "archspec": ["py.typed", "zoo.json", "templates/*.toml"],
        "archspec.report.picture": ["*.css", "*.js"],
        **{package: ["*.toml"] for package in SPECS},
    },
)
