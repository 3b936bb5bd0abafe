# One image for every role; docker-compose.yml says which command runs in it.

FROM python:3.12-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY latency_tables latency_tables
COPY nas_service nas_service
COPY search_spaces search_spaces
COPY workers workers
ARG PIP_ARGS=""
RUN python -m venv /opt/nas && /opt/nas/bin/pip install --no-cache-dir -c constraints.txt $PIP_ARGS '.[worker,wann,video]'

FROM python:3.12-slim
COPY --from=build /opt/nas /opt/nas
ENV PATH=/opt/nas/bin:$PATH PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0
RUN useradd --create-home nas && install -d -o nas /data
USER nas
WORKDIR /data
CMD ["nas", "serve"]
