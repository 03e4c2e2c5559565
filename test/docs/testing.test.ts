/**
 * The examples of docs/testing.md are tests themselves: they run here as a reader would run them.
 */
import "../../docs/examples/testing.js"
import "../../docs/examples/testing-cassette.js"
import "../../docs/examples/testing-drop.js"
import "../../docs/examples/testing-faults.js"
import "../../docs/examples/testing-time.js"
import "../../docs/examples/testing-tools.js"
