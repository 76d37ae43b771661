"""The real Dockerfile, built and run: with Docker where there is one, else with buildah as root."""
