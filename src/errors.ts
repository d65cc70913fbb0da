/**
 * Every error that gradgpu throws. A message has the form `<op>: <rule>; got <values>. <remedy>`:
 * what must hold, what was given, what to do.
 */
export class GradgpuError extends Error {
  /** The class's name, for where classes cannot be compared. */
  override readonly name: string = "GradgpuError";
}

/** Shapes that do not fit the op or each other. */
export class ShapeError extends GradgpuError {
  override readonly name = "ShapeError";
}

/** Element types that the op does not take. */
export class DTypeError extends GradgpuError {
  override readonly name = "DTypeError";
}

/** An option or argument outside its range. */
export class ArgumentError extends GradgpuError {
  override readonly name = "ArgumentError";
}

/** A tensor, device or runtime that was used after it was disposed of. */
export class DisposedError extends GradgpuError {
  override readonly name = "DisposedError";
}

/** A device that was asked for by name and cannot be opened here. */
export class DeviceUnavailableError extends GradgpuError {
  override readonly name = "DeviceUnavailableError";
}

/** A device that was lost while it was in use; work that was under way is rejected with this. */
export class DeviceLostError extends GradgpuError {
  override readonly name = "DeviceLostError";
}

/** More memory than the device or the budget has. */
export class OutOfMemoryError extends GradgpuError {
  override readonly name = "OutOfMemoryError";
}

/** A kernel that the device refused: a bug of gradgpu or of the driver. */
export class KernelError extends GradgpuError {
  override readonly name = "KernelError";
}

/** A value that was asked for where none exists yet, such as inside a traced function. */
export class TraceError extends GradgpuError {
  override readonly name = "TraceError";
}

/** A loss or gradient that became NaN or infinite. */
export class NonFiniteError extends GradgpuError {
  override readonly name = "NonFiniteError";
  /** The training step, counted from 1, in which it was seen. */
  readonly step: number;

  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}

/** A file that is truncated or not what it claims to be. */
export class FormatError extends GradgpuError {
  override readonly name = "FormatError";
  /** Where in the file the fault is. */
  readonly byteOffset: number;

  constructor(message: string, byteOffset: number) {
    super(message);
    this.byteOffset = byteOffset;
  }
}

/**
 * Why a file cannot be read or written: there is none; the disk or the quota is full; permission is missing or was
 * withdrawn; the connection, or the file itself, ended too soon; its signal was aborted; or anything else.
 */
export type FileFault = "missing" | "full" | "forbidden" | "cut" | "aborted" | "failed";

/** A file that cannot be read or written, wherever it lies. What was there before a write is there still. */
export class FileError extends GradgpuError {
  override readonly name = "FileError";
  /** Which of the reasons it is. */
  readonly fault: FileFault;

  constructor(message: string, fault: FileFault, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** A state that the library's own code must never reach. */
export class InternalError extends GradgpuError {
  override readonly name = "InternalError";
  constructor(message: string) {
    super(`${message} This is a bug in gradgpu: please report it.`);
  }
}
