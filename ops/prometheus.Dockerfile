# Prometheus with the rules in it: a mounted file would need to be readable by another user.
FROM prom/prometheus:v3.5.0
COPY --chmod=0644 prometheus.yml alerts.yml /etc/prometheus/
# The key comes as METRICS_KEY, so that a changed key makes Compose create the container again.
ENTRYPOINT ["/bin/sh", "-c", "umask 077 && printf %s \"$METRICS_KEY\" >/dev/shm/metrics-key && exec /bin/prometheus \"$@\"", "prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
