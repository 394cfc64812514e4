// Runs in the runtime under test: { base, relaxed } paths of tiles (JSON, first argument) to the names of the fastest
// for each tier that the engine has.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fastestTiles } from './tile.mjs'

const paths = JSON.parse(process.argv[2])
const hasRelaxed = WebAssembly.validate(readFileSync(paths.relaxed))
console.log(
  JSON.stringify({
    base: fastestTiles(paths, 'base'),
    ...(hasRelaxed && { relaxed: fastestTiles(paths, 'relaxed') }),
  }),
)
process.exit(0)
