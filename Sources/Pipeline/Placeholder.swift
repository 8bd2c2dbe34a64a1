// placeholder
import ServiceLifecycle
import AsyncAlgorithms
import Metrics
