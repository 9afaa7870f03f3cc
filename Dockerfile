# Two stages: the first installs and collects, the second holds only what runs.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install -r requirements.txt
COPY . .
# A start in production needs a key; this one is thrown away with the stage.
RUN ENVIRONMENT=production \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    DATA_DIR=/tmp/build \
    STATIC_ROOT=/app/collected \
    /opt/venv/bin/python manage.py collectstatic --no-input

FROM python:3.12-slim
RUN groupadd --gid 10001 parley \
    && useradd --uid 10001 --gid parley --home-dir /data --no-create-home --shell /usr/sbin/nologin parley \
    && install --directory --owner=parley --group=parley /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/collected
WORKDIR /app
USER parley
VOLUME /data
EXPOSE 8000
# Asked by a name that the server serves; a proxy's word for TLS does no harm here.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; host = (os.environ.get('ALLOWED_HOSTS') or 'localhost').split(',')[0].strip().lstrip('.'); r.urlopen(r.Request(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', headers={'Host': host}), timeout=4)"]
# What `make run` does once the packages are there.
CMD ["sh", "-c", "python manage.py migrate --no-input --verbosity 0 && exec python -m config.serve"]
