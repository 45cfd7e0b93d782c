// Faults of an HTTP route: answers and delays that a proxy makes up.
import type { Field } from "./field.ts";
import { checkDuration } from "./values.ts";

const grpcStatuses = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"],
  ...["ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"],
  ...["ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"],
  "UNAUTHENTICATED",
];

export function checkFault(fault: Field): void {
  if (!fault.isSet) return;
  const abort = fault.at("abort");
  const delay = fault.at("delay");
  if (!abort.isSet && !delay.isSet) fault.refuse("nothing is set", "set abort or delay");
  checkFaultPercentage(abort);
  checkFaultPercentage(delay);
  const grpc = abort.at("grpcStatus");
  if (grpc.isSet && !grpcStatuses.includes(grpc.text))
    grpc.refuse(`"${grpc.text}" is no gRPC status`, `write one of ${grpcStatuses.join(", ")}`);
  if (abort.has("http2Error"))
    abort.at("http2Error").refuse("Istio has no such fault", "write httpStatus or grpcStatus");
  if (abort.has("httpStatus")) checkStatus(abort.at("httpStatus"));
  checkDuration(delay.at("fixedDelay"));
  checkDuration(delay.at("exponentialDelay"));
  if (delay.has("exponentialDelay"))
    delay.at("exponentialDelay").refuse("Istio has no such fault", "write fixedDelay");
}

/** A percentage of a fault: 0, or large enough for Envoy to tell from 0. */
function checkFaultPercentage(fault: Field): void {
  const value = fault.at("percentage", "value");
  if (value.number < 0 || value.number > 100 || (value.number > 0 && value.number < 0.0001))
    value.refuse("is no percentage", "write 0, or 0.0001 to 100");
}

export function checkStatus(status: Field): void {
  if (status.number < 200 || status.number > 600)
    status.refuse(`${status.number} is no status of an answer`, "write 200 to 599");
}
