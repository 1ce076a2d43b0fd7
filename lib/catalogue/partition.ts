// The AWS partitions that Latchkey supports. A role in one partition cannot be assumed from another.

export const partitions = ['aws', 'aws-us-gov', 'aws-cn', 'aws-eusc'] as const;
export type Partition = (typeof partitions)[number];

/** The partition of a Region (botocore, partitions.json). */
export function partitionOfRegion(region: string): Partition {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('eusc-') ? 'aws-eusc' : 'aws';
}
