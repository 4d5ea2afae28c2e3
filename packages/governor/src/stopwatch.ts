/** @returns a function that tells how many milliseconds passed since it was last called, or made */
export function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return last - before;
  };
}
