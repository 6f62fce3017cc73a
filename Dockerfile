# One image for every part; docker-compose.yml says which part a container runs.
FROM python:3.12-slim

RUN useradd --create-home --uid 10001 mingsuan \
    && install -d -o mingsuan -g mingsuan /srv/mingsuan /srv/var
WORKDIR /srv/mingsuan

# Dependencies first: they change less often than the code, and every file is checked against its hash.
COPY requirements/run.lock requirements/run.lock
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.lock

COPY . .
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable .

ENV MINGSUAN_VAR=/srv/var \
    MINGSUAN_HOST=0.0.0.0 \
    DAGSTER_HOME=/srv/var/dagster \
    DAGSTER_STORAGE_DIR=/srv/var/dagster \
    DAGSTER_GRPC_TIMEOUT_SECONDS=300 \
    PYTHONUNBUFFERED=1
USER mingsuan
VOLUME /srv/var
CMD ["mingsuan", "--help"]
