// placeholder
import GRDB
