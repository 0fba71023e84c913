# kb in a container: the command line with Weaviate's client and the embedder, no compiler, no torch, not root.
#
#   docker build -t kb .                                     as docker compose does
#   docker build -t kb --build-arg EXTRAS=weaviate,serve .   with the server and its pages
#   docker build -t kb --build-arg VERSION=0.1.0 .           a release, whose version tags name; git is not in the image

# The Python whose exact package versions constraints.txt holds.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/kb
WORKDIR /src
COPY . .
ARG EXTRAS=weaviate
ARG VERSION=0.1.0.dev0
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_KB_CITED="${VERSION}" /opt/kb/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"
# A new volume at /data begins with what the image has there, so the first ingest needs no download.
RUN KB_HOME=/data /opt/kb/bin/kb models pull --quiet minilm

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 1000 kb
COPY --from=build /opt/kb /opt/kb
COPY --from=build --chown=kb:kb /data /data
ENV PATH=/opt/kb/bin:$PATH KB_HOME=/data
USER kb
WORKDIR /home/kb
ENTRYPOINT ["kb"]
CMD ["--help"]
