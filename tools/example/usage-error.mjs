/** A wrong command line. The command ends with exit code 2 and the message alone. */
export class UsageError extends Error {
  code = 'USAGE'
}
