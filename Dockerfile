# The image has one bundled file, the check of health, the pages, the archive that an embedded database
# begins with, PGlite, which loads its WebAssembly from its own folder, and the clients of brokers, which only an
# endpoint with a broker loads.
#
# Behind a mirror: --build-arg NODE_IMAGE=…, --build-arg NPM_CONFIG_REGISTRY=…, --secret id=npmrc,src=FILE
# With a private authority: --secret id=ca,src=FILE (docs/deployment.md)
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /build
ARG NPM_CONFIG_REGISTRY
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=ca --mount=type=secret,id=npmrc,target=/root/.npmrc \
  if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; npm ci
COPY LICENSE tsconfig.json ./
COPY src ./src
# The modes are set here: a clone under a strict umask has files that only its owner reads.
RUN npm run bundle && \
  mkdir -p /app/dist /app/node_modules/@electric-sql && \
  cp -r dist/main.js dist/healthcheck.js dist/Pages dist/pgdata.br /app/dist && \
  cp -r node_modules/@electric-sql/pglite /app/node_modules/@electric-sql && \
  cp -r node_modules/amqplib node_modules/@nats-io node_modules/tweetnacl /app/node_modules && \
  cp package.json LICENSE /app && \
  mkdir -p /simulator/dist && \
  cp -r dist/simulate.js dist/Phone /simulator/dist && \
  cp package.json LICENSE /simulator && \
  chmod -R u=rwX,go=rX /app /simulator

# The simulated Evolution for tests: docker build --target simulator (docs/testing.md)
FROM ${NODE_IMAGE} AS simulator
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /simulator /app
USER node
EXPOSE 8080
# Arguments of `docker run IMAGE` follow, and an option that comes again counts.
ENTRYPOINT ["node", "/app/dist/simulate.js", "--host", "0.0.0.0"]
CMD []

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app /app
RUN install -d -m 0700 -o node -g node /data
USER node
VOLUME /data
EXPOSE 8000
# Asks whether the process is alive, and not whether it is ready: a restart brings no database back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "/app/dist/healthcheck.js", "live"]
# Node is the first process, without a shell or npm in between, so signals reach it. Arguments of
# `docker run IMAGE` are the program's: --check, keys.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD []
