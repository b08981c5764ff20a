# Grafana with the dashboard in it: a mounted file would need to be readable by another user.
FROM grafana/grafana:12.1.0
COPY --chmod=0755 grafana/provisioning /etc/grafana/provisioning
COPY --chmod=0755 grafana/dashboards /etc/grafana/dashboards
