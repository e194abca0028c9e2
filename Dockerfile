# Playtrail as an image: the service, its command line and the one-shots of docker-compose.yml.
# It runs as uid 1000 with a read-only root file system; what it keeps is in /data.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`, for the reason that scripts/setup.mjs gives. No package needs an install script:
# better-sqlite3 carries its binaries.
RUN npm install --omit=dev --no-save --ignore-scripts

FROM ${NODE_IMAGE}
# Memory that threads hand to each other goes back to the system, and new objects get less room: a third less of it.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    NODE_OPTIONS=--max-semi-space-size=8 \
    PLAYTRAIL_LISTEN=0.0.0.0:8470 \
    PLAYTRAIL_DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
# Only what .dockerignore lets through.
COPY . .
# A named volume takes the owner of the folder it is mounted on, so the folders are made here.
RUN ln -s /app/server/main.ts /usr/local/bin/playtrail \
 && install -d -o 1000 -g 1000 -m 0700 /data /secrets /secrets/admin /secrets/kibana /secrets/playtrail
USER 1000:1000
VOLUME /data
EXPOSE 8470
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8470/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/server/main.ts"]
CMD ["serve"]
