# The image has one bundled file, the pages, the archive that an embedded database begins with, and PGlite,
# which loads its WebAssembly from its own folder.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run bundle

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /build/node_modules/@electric-sql/pglite ./node_modules/@electric-sql/pglite
COPY --from=build /build/dist/main.js ./dist/main.js
COPY --from=build /build/dist/Pages ./dist/Pages
COPY --from=build /build/dist/pgdata.tgz ./dist/pgdata.tgz
COPY package.json LICENSE ./
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8000
# Asks whether the process is alive, and not whether it is ready: a restart brings no database back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process, without a shell or npm in between, so signals reach it.
CMD ["node", "dist/main.js"]
