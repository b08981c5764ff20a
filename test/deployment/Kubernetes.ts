/** What we use of Kubernetes' format; anything else in it is a mistake. */
import { Schema } from "effect"
import { Image } from "./Compose.ts"

const strict = { parseOptions: { onExcessProperty: "error" as const } }

const Text = Schema.NonEmptyString
const Labels = Schema.Struct({ app: Text })
const Metadata = Schema.Struct({ name: Text, labels: Labels })
const Positive = Schema.Int.pipe(Schema.positive())

const Probe = Schema.Struct({
  httpGet: Schema.Struct({ path: Schema.String.pipe(Schema.startsWith("/")), port: Text }),
  periodSeconds: Positive,
  timeoutSeconds: Schema.optional(Positive),
  failureThreshold: Schema.optional(Positive)
})

const Variable = Schema.Union(
  Schema.Struct({ name: Text, value: Text }),
  Schema.Struct({
    name: Text,
    valueFrom: Schema.Struct({ secretKeyRef: Schema.Struct({ name: Text, key: Text }) })
  }),
  Schema.Struct({
    name: Text,
    valueFrom: Schema.Struct({
      fieldRef: Schema.Struct({ fieldPath: Schema.Literal("status.podIP") })
    })
  })
)

const Selector = Schema.Struct({ matchLabels: Labels })

const AntiAffinity = Schema.Struct({
  preferredDuringSchedulingIgnoredDuringExecution: Schema.Tuple(
    Schema.Struct({
      weight: Positive,
      podAffinityTerm: Schema.Struct({
        topologyKey: Schema.Literal("kubernetes.io/hostname"),
        labelSelector: Selector
      })
    })
  )
})

const Memory = Schema.String.pipe(Schema.pattern(/^\d+Mi$/))

const Container = Schema.Struct({
  name: Text,
  image: Image,
  ports: Schema.Array(Schema.Struct({ name: Text, containerPort: Positive })),
  env: Schema.Array(Variable),
  livenessProbe: Probe,
  readinessProbe: Probe,
  startupProbe: Probe,
  resources: Schema.Struct({
    requests: Schema.Struct({ cpu: Schema.String.pipe(Schema.pattern(/^\d+m$/)), memory: Memory }),
    limits: Schema.Struct({ memory: Memory })
  }),
  securityContext: Schema.Struct({
    readOnlyRootFilesystem: Schema.Literal(true),
    allowPrivilegeEscalation: Schema.Literal(false),
    capabilities: Schema.Struct({ drop: Schema.Tuple(Schema.Literal("ALL")) })
  })
})

export const Deployment = Schema.Struct({
  apiVersion: Schema.Literal("apps/v1"),
  kind: Schema.Literal("Deployment"),
  metadata: Metadata,
  spec: Schema.Struct({
    replicas: Schema.Int.pipe(Schema.greaterThanOrEqualTo(2)),
    strategy: Schema.Struct({
      type: Schema.Literal("RollingUpdate"),
      rollingUpdate: Schema.Struct({
        maxSurge: Schema.Literal(1),
        maxUnavailable: Schema.Literal(0)
      })
    }),
    minReadySeconds: Positive,
    selector: Selector,
    template: Schema.Struct({
      metadata: Schema.Struct({ labels: Labels }),
      spec: Schema.Struct({
        terminationGracePeriodSeconds: Positive,
        automountServiceAccountToken: Schema.Literal(false),
        securityContext: Schema.Struct({
          runAsNonRoot: Schema.Literal(true),
          runAsUser: Positive,
          runAsGroup: Positive,
          fsGroup: Positive,
          seccompProfile: Schema.Struct({ type: Schema.Literal("RuntimeDefault") })
        }),
        affinity: Schema.Struct({ podAntiAffinity: AntiAffinity }),
        containers: Schema.Tuple(Container)
      })
    })
  })
}).annotations(strict)

export const Service = Schema.Struct({
  apiVersion: Schema.Literal("v1"),
  kind: Schema.Literal("Service"),
  metadata: Metadata,
  spec: Schema.Struct({
    selector: Labels,
    ports: Schema.Array(Schema.Struct({ name: Text, port: Positive, targetPort: Text }))
  })
}).annotations(strict)

export const PodDisruptionBudget = Schema.Struct({
  apiVersion: Schema.Literal("policy/v1"),
  kind: Schema.Literal("PodDisruptionBudget"),
  metadata: Metadata,
  spec: Schema.Struct({ minAvailable: Positive, selector: Selector })
}).annotations(strict)
